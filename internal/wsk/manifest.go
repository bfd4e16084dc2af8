package wsk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Merge returns a runtimes.json with one more entry: at the end of its family, or, with newFamily, of a family that it
// does not have yet, of which it is the default. Everything else stays as it is, byte for byte. A file that OpenWhisk's
// controller would not start with, before or after, is an error.
func Merge(file []byte, r Runtime, newFamily bool) ([]byte, error) {
	if err := CheckManifest(file); err != nil {
		return nil, err
	}
	family, _, _ := strings.Cut(r.Kind, ":")
	runtimes, err := member(file, 0, "runtimes")
	if err != nil {
		return nil, err
	}
	versions, err := member(file, runtimes.start, family)
	switch missing := errors.Is(err, errNoMember); {
	case err != nil && !missing:
		return nil, err
	case missing && !newFamily:
		return nil, fmt.Errorf("it has no family %s: give --new-family to start it with %s as its default", family, r.Kind)
	case !missing && newFamily:
		return nil, fmt.Errorf("it has a family %s already: leave out --new-family", family)
	}
	if other := familyWith(file, r.Kind); other != "" {
		return nil, fmt.Errorf("it has %s already, in the family %s: name another kind, or change its image there", r.Kind, other)
	}
	if newFamily {
		r.Default = true
		file, err = insert(file, runtimes, []byte(quoted(family)+": "), []Runtime{r})
	} else {
		file, err = insert(file, versions, nil, r)
	}
	if err != nil {
		return nil, err
	}
	if err := CheckManifest(file); err != nil {
		return nil, fmt.Errorf("with %s in it: %w; give one of them \"default\": true first", r.Kind, err)
	}
	return file, nil
}

// CheckManifest returns an error for a runtimes.json that OpenWhisk's controller does not start with.
func CheckManifest(file []byte) error {
	var manifest struct {
		Runtimes map[string][]struct {
			Kind    string `json:"kind"`
			Default bool   `json:"default"`
		} `json:"runtimes"`
	}
	if err := json.Unmarshal(file, &manifest); err != nil {
		return fmt.Errorf("it is not a runtimes.json: %w", err)
	}
	if manifest.Runtimes == nil {
		return errors.New(`it is not a runtimes.json: it has no object "runtimes"`)
	}
	for family, versions := range manifest.Runtimes {
		var defaults []string
		for _, version := range versions {
			if version.Kind == "" {
				return fmt.Errorf("the family %s has an entry without a kind", family)
			}
			if version.Default {
				defaults = append(defaults, version.Kind)
			}
		}
		switch {
		case len(defaults) > 1:
			return fmt.Errorf("the family %s has more than one default: %s", family, strings.Join(defaults, ", "))
		case len(defaults) == 0 && len(versions) != 1:
			return fmt.Errorf("the family %s has %d kinds and no default", family, len(versions))
		}
	}
	return nil
}

// familyWith returns the family of a kind, or "".
func familyWith(file []byte, kind string) string {
	var manifest struct {
		Runtimes map[string][]Runtime `json:"runtimes"`
	}
	_ = json.Unmarshal(file, &manifest) // of entries in other forms, the kinds were read before
	for family, versions := range manifest.Runtimes {
		if slices.ContainsFunc(versions, func(r Runtime) bool { return r.Kind == kind }) {
			return family
		}
	}
	return ""
}

// span is the place of a value in a text: between the brackets of an object or an array.
type span struct{ start, end int }

var errNoMember = errors.New("there is no such member")

// member returns the place of a member's value, an object or an array, in the object that begins at offset.
func member(text []byte, offset int, name string) (span, error) {
	decoder := json.NewDecoder(bytes.NewReader(text[offset:]))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return span{}, errors.New("it is not a runtimes.json: want an object")
	}
	found := span{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return span{}, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return span{}, err
		}
		if key != name {
			continue
		}
		if found.end > 0 {
			return span{}, fmt.Errorf("%s is there twice", quoted(name))
		}
		end := offset + int(decoder.InputOffset())
		found = span{end - len(value), end}
	}
	if found.end == 0 {
		return span{}, errNoMember
	}
	return found, nil
}

// insert puts a value, after prefix, behind the last one of the object or array at a place, indented as that is.
func insert(text []byte, at span, prefix []byte, value any) ([]byte, error) {
	closing := at.end - 1
	last := len(bytes.TrimRight(text[:closing], " \t\r\n"))
	outer := indentation(text, closing)
	step := indentStep(text)
	added, err := json.MarshalIndent(value, outer+step, step)
	if err != nil {
		return nil, err
	}
	comma, behind := ",", text[last:closing]
	if last == at.start+1 { // it is empty
		comma = ""
	}
	if !bytes.ContainsRune(behind, '\n') {
		behind = []byte("\n" + outer)
	}
	line := slices.Concat([]byte("\n"+outer+step), prefix, added)
	if bytes.Contains(text, []byte("\r\n")) {
		line = bytes.ReplaceAll(line, []byte("\n"), []byte("\r\n"))
	}
	return slices.Concat(text[:last], []byte(comma), line, behind, text[closing:]), nil
}

// indentation returns the blanks at the begin of the line in which offset lies.
func indentation(text []byte, offset int) string {
	line := text[bytes.LastIndexByte(text[:offset], '\n')+1 : offset]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// indentStep returns the blanks by which the first line is indented that is.
func indentStep(text []byte) string {
	for line := range bytes.Lines(text) {
		if blanks := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]; len(blanks) > 0 && len(bytes.TrimSpace(line)) > 0 {
			return string(blanks)
		}
	}
	return "    "
}

func quoted(text string) string {
	literal, _ := json.Marshal(text)
	return string(literal)
}
