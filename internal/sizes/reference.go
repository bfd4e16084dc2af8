package sizes

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Reference is an image that people use today, to hold ours against.
type Reference struct {
	Name           string `json:"name"`
	DockerSize     int64  `json:"docker_size"`
	Source         string `json:"source"`
	Platform       string `json:"platform,omitempty"` // this and the rest are only known of a measured one
	Digest         string `json:"digest,omitempty"`
	CompressedSize int64  `json:"compressed_size,omitempty"`
	TarSize        int64  `json:"tar_size,omitempty"`
}

const listing = "README of openwhisk-runtime-go, 2018 (`docker images` listing)"

// References returns the images to compare with, which many people run today. Their sizes are quoted, not measured.
func References() []Reference {
	return []Reference{
		{Name: "openwhisk/dockerskeleton", DockerSize: 109_000_000, Source: listing},
		{Name: "openwhisk/python3action", DockerSize: 289_000_000, Source: listing},
		{Name: "sciabarracom/openwhisk-exec", DockerSize: 10_400_000, Source: listing},
		{Name: "sciabarracom/openwhisk-hello", DockerSize: 16_700_000, Source: listing},
	}
}

// Measured returns a reference with the sizes of an image that was measured. source says where the image is, without a
// date and a path of this machine.
func Measured(name, source string, image Image) Reference {
	return Reference{
		Name: name, DockerSize: image.DockerSize, Source: source, Platform: image.Platform, Digest: image.Digest,
		CompressedSize: image.CompressedSize, TarSize: image.TarSize,
	}
}

// Quoted reports whether the size is somebody's word.
func (r Reference) Quoted() bool { return r.Digest == "" }

// how returns the origin of the size in a word, with the platform of an image that was measured.
func (r Reference) how() string {
	if r.Quoted() {
		return "quoted"
	}
	return "measured, " + r.Platform
}

// source returns the origin of the size as markdown. The origins of quoted sizes are our own words.
func (r Reference) source() string {
	if r.Quoted() {
		return r.Source
	}
	return Plain(r.Source) + "@" + Plain(r.Digest)
}

// references returns the quoted ones, which every record has, and the measured ones of a record, by name.
func references(of []Reference) []Reference {
	all := References()
	measured := slices.DeleteFunc(slices.Clone(of), func(r Reference) bool { return r.Quoted() || isQuoted(r.Name) })
	slices.SortFunc(measured, func(a, b Reference) int { return cmp.Compare(a.Name, b.Name) })
	return append(all, measured...)
}

func isQuoted(name string) bool {
	return slices.ContainsFunc(References(), func(r Reference) bool { return r.Name == name })
}

// Refer puts a measured reference into the record, in place of one of the same name.
func (r Record) Refer(one Reference) (Record, error) {
	if one.Name == "" || strings.ContainsFunc(one.Name, func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune("|<>`\"'&", c) }) {
		return Record{}, fmt.Errorf("%q cannot be the name of a reference: it is a word, without quotes and |, <, >, &", one.Name)
	}
	if isQuoted(one.Name) {
		return Record{}, fmt.Errorf("%s is quoted, and stays: choose another name for what you measure", one.Name)
	}
	kept := slices.DeleteFunc(slices.Clone(r.References), func(old Reference) bool { return old.Name == one.Name })
	r.References = append(kept, one)
	return r.With(), nil
}

// Forget removes references from the record.
func (r Record) Forget(names ...string) (Record, error) {
	var errs []error
	for _, name := range names {
		switch {
		case isQuoted(name):
			errs = append(errs, fmt.Errorf("%s is quoted, and stays", name))
		case !slices.ContainsFunc(r.References, func(one Reference) bool { return one.Name == name }):
			errs = append(errs, fmt.Errorf("no reference %q in the size record", name))
		}
	}
	r.References = slices.DeleteFunc(slices.Clone(r.References), func(one Reference) bool { return slices.Contains(names, one.Name) })
	return r.With(), errors.Join(errs...)
}

// Short returns the reference's name without the account that published it.
func (r Reference) Short() string { return r.Name[strings.LastIndexByte(r.Name, '/')+1:] }

// Factor compares a docker size with the reference's, such as "65x smaller", "1.4x smaller" or "2.1x larger". Digits
// are cut rather than rounded, so that it never says more than is so.
func (r Reference) Factor(dockerSize int64) string {
	if dockerSize <= 0 || r.DockerSize <= 0 {
		return ""
	}
	factor, word := float64(r.DockerSize)/float64(dockerSize), "smaller"
	if factor < 1 {
		factor, word = 1/factor, "larger"
	}
	if factor < 10 {
		tenths := int(factor * 10)
		if tenths == 10 {
			return "same size"
		}
		return fmt.Sprintf("%d.%dx %s", tenths/10, tenths%10, word)
	}
	return fmt.Sprintf("%dx %s", int(factor), word)
}
