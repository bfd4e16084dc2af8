package sizes

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/mistake"
)

// Read returns the record at path. A file that is not there is an empty record.
func Read(path string) (Record, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Record{}, fmt.Errorf("read the size record: %w", err)
	}
	return parse(path, text)
}

func parse(path string, text []byte) (Record, error) {
	if text == nil {
		return Record{Schema: Schema, References: References()}, nil
	}
	record, err := Parse(text)
	if err != nil {
		return Record{}, fmt.Errorf("read the size record %s: %w; repair it, or delete it and build again", path, err)
	}
	return record, nil
}

// Parse reads a record strictly: an unknown field or schema is an error.
func Parse(text []byte) (Record, error) {
	var head struct {
		Schema int `json:"schema"`
	}
	if err := mistake.JSON(text, json.Unmarshal(text, &head)); err != nil {
		return Record{}, err
	}
	if head.Schema != Schema {
		return Record{}, fmt.Errorf("schema %d is not one that this mkimage reads (%d)", head.Schema, Schema)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var record Record
	if err := mistake.JSON(text, decoder.Decode(&record)); err != nil {
		return Record{}, err
	}
	return record, nil
}

// Add puts rows into the record at path: in the place of those for the same image and platform, and beside all others.
// The file is written only when something changes. Several processes may add to it.
func Add(path string, rows ...Image) (changed bool, err error) {
	return Edit(path, func(r Record) (Record, error) { return r.With(rows...), nil })
}

// Rebuild is [Add] for a record that builds alone write. It writes an unreadable one anew, and returns the reason as
// broken.
func Rebuild(path string, rows ...Image) (broken, err error) {
	_, err = edit(path, func(former []byte) (Record, error) {
		var record Record
		if record, broken = parse(path, former); broken != nil {
			record = Record{}
		}
		return record.With(rows...), nil
	})
	return broken, err
}

// Edit changes the record at path. One that cannot be read is an error, and stays. The file is written only when
// something changes.
func Edit(path string, change func(Record) (Record, error)) (changed bool, err error) {
	return edit(path, func(former []byte) (Record, error) {
		record, err := parse(path, former)
		if err != nil {
			return Record{}, err
		}
		return change(record)
	})
}

func edit(path string, change func(former []byte) (Record, error)) (changed bool, err error) {
	var refused error
	changed, err = atomicfile.Edit(path, func(former []byte) ([]byte, error) {
		var record Record
		if record, refused = change(former); refused != nil {
			return nil, refused
		}
		return record.Marshal()
	})
	if err != nil && refused == nil {
		err = fmt.Errorf("write the size record %s: %w", path, human.Reason(err))
	}
	return changed, err
}

// With returns a record that holds the rows too, sorted, with the quoted references of this mkimage beside its own
// measured ones.
func (r Record) With(rows ...Image) Record {
	images := slices.Clone(rows)
	for _, kept := range r.Images {
		if !slices.ContainsFunc(rows, kept.samePlace) {
			images = append(images, kept)
		}
	}
	slices.SortFunc(images, func(a, b Image) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Platform, b.Platform))
	})
	return Record{Schema: Schema, Images: images, References: references(r.References)}
}

// Under returns a view of the record in which the rows of the last build count, for the images and platforms that it
// has. Those that differ are marked with the build's record, last, at path.
func (r Record) Under(last Record, path string) Record {
	rows := slices.Clone(last.Images)
	for i, row := range rows {
		same := func(kept Image) bool {
			return kept.samePlace(row) && kept.Digest == row.Digest && kept.DockerSize == row.DockerSize && kept.CompressedSize == row.CompressedSize
		}
		if !slices.ContainsFunc(r.Images, same) {
			rows[i].From = path
		}
	}
	return r.With(rows...)
}

func (i Image) samePlace(other Image) bool {
	return i.Name == other.Name && i.Platform == other.Platform
}

// Only returns a record with the rows of the named images, or all of them when no name is given. A name without a row
// is an error.
func (r Record) Only(names ...string) (Record, error) {
	if len(names) == 0 {
		return r, nil
	}
	chosen := Record{Schema: r.Schema, References: r.References}
	for _, name := range names {
		if !slices.ContainsFunc(r.Images, func(i Image) bool { return i.Name == name }) {
			return Record{}, fmt.Errorf("no image %q in the size record; build it with: mkimage build %s", name, name)
		}
	}
	for _, image := range r.Images {
		if slices.Contains(names, image.Name) {
			chosen.Images = append(chosen.Images, image)
		}
	}
	return chosen, nil
}

// As returns the rows under another name. They must all be of one image.
func (r Record) As(name string) (Record, error) {
	renamed := Record{Schema: r.Schema, References: r.References}
	for _, image := range r.Images {
		if image.Name != r.Images[0].Name {
			return Record{}, fmt.Errorf("cannot take %s and %s both as %s: name one image", r.Images[0].Name, image.Name, name)
		}
		image.Name = name
		renamed.Images = append(renamed.Images, image)
	}
	return renamed, nil
}

// Update takes the rows into the checked-in record at path. It refuses rows whose inputs are not the definition's own,
// unless renamed says that their name was chosen for this.
func (r Record) Update(path string, renamed bool) (changed bool, err error) {
	for _, image := range r.Images {
		if input := image.Special(); input != "" && !renamed {
			return false, fmt.Errorf("%s (%s) was built with another %s than its definition's: build it again without, or choose a name with --as",
				image.Name, image.Platform, input)
		}
	}
	rows := slices.Clone(r.Images)
	for i := range rows {
		rows[i].From = ""
	}
	return Add(path, rows...)
}

// Marshal returns the record as its file holds it: the same bytes for the same rows.
func (r Record) Marshal() ([]byte, error) {
	if r.Images == nil {
		r.Images = []Image{}
	}
	text, err := json.MarshalIndent(r, "", "  ")
	return append(text, '\n'), err
}
