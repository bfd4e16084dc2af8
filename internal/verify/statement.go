package verify

import (
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
)

// choose returns the statement to go by: the first that names the demanded source.
func (o Options) choose(pushed Pushed, digest string) (provenance.Build, error) {
	about := slices.DeleteFunc(slices.Clone(pushed.Statements), func(s provenance.Build) bool { return s.Digest != digest })
	switch {
	case len(pushed.Statements) == 0:
		return provenance.Build{}, unknown("no provenance of mkimage is attached to it; mkimage build --push attaches one")
	case len(about) == 0:
		return provenance.Build{}, unknown("its provenance is about another image, %s", pushed.Statements[0].Digest)
	case o.Repository == "" && o.Commit == "":
		return about[0], nil
	}
	for _, s := range about {
		if slices.ContainsFunc(sourcesOf(s), o.wanted) {
			return s, nil
		}
	}
	var named []string
	for _, s := range about {
		for _, source := range sourcesOf(s) {
			named = append(named, source.Repository+" at "+source.Commit)
		}
	}
	if named == nil {
		return provenance.Build{}, unknown("its provenance names no repository")
	}
	return provenance.Build{}, unknown("its provenance names another source: %s", strings.Join(named, ", "))
}

// wanted reports whether a source is the demanded one.
func (o Options) wanted(source provenance.Source) bool {
	return (o.Repository == "" || sameRepository(o.Repository, source.Repository)) && strings.HasPrefix(source.Commit, o.Commit)
}

// sameRepository compares two addresses as git hosts do: with or without ".git" and a slash at the end.
func sameRepository(a, b string) bool {
	plain := func(address string) string {
		return strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(address, "git+"), "/"), ".git")
	}
	return plain(a) == plain(b)
}

// sourcesOf returns the sources of an image: those of its user, or else that of mkimage, whose definition it is.
func sourcesOf(s provenance.Build) []provenance.Source {
	if sources := s.Sources(); len(sources) > 0 {
		return sources
	}
	self := s.Mkimage()
	if !shipped(s) {
		return nil
	}
	return []provenance.Source{{Repository: ownRepository, Commit: self.Commit, Modified: self.Modified}}
}

// ownRepository is the address of mkimage's own source.
var ownRepository = strings.TrimSuffix(provenance.Builder, "/cmd/mkimage")

// shipped reports whether the definition of an image travels in mkimage. That is so where no checkout has it, and mkimage
// has one of that name and content.
func shipped(s provenance.Build) bool {
	name := s.Parameters.Image
	if s.Parameters.Definition != "images/"+name+".yaml" || !slices.Contains(images.ShippedNames(), name) {
		return false
	}
	own, err := images.Load(images.Shipped(), nil, name)
	stated, ok := s.Material(s.Parameters.Definition)
	return err == nil && (!ok || stated.Digest["sha256"] == own[0].SHA256)
}

// describe fills in what the statement says.
func (v *verification) describe() {
	v.result.Definition = v.stated.Parameters.Definition
	v.result.Mkimage = v.stated.Mkimage().String()
	for _, source := range sourcesOf(v.stated) {
		if v.result.Commit == "" {
			v.result.Repository, v.result.Commit = source.Repository, source.Commit
		}
	}
}
