package referrers

import (
	"encoding/json"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// index is a list of referrers, as the API answers it or as it stands under the fall-back tag. It keeps every member
// that others have written, known or not.
type index struct {
	members map[string]json.RawMessage // all but the manifests
	entries []json.RawMessage          // the manifests
	listed  []Listed                   // those entries that can be read
}

// parseIndex reads a list by its content: registries call it many things, and call many things a list. It is one when
// it has schemaVersion 2 and an array of manifests (OCI image-spec, "Image Index").
func parseIndex(text []byte) (index, bool) {
	var shape struct {
		SchemaVersion int               `json:"schemaVersion"`
		Manifests     []json.RawMessage `json:"manifests"`
	}
	read := index{}
	if json.Unmarshal(text, &shape) != nil || shape.SchemaVersion != 2 || shape.Manifests == nil || json.Unmarshal(text, &read.members) != nil {
		return index{}, false
	}
	delete(read.members, "manifests")
	for _, entry := range shape.Manifests {
		read.append(entry)
	}
	return read, true
}

func newIndex() index {
	return index{members: map[string]json.RawMessage{
		"schemaVersion": json.RawMessage("2"), "mediaType": json.RawMessage(`"` + types.OCIImageIndex + `"`),
	}}
}

func (i *index) append(entry json.RawMessage) {
	var descriptor v1.Descriptor
	if json.Unmarshal(entry, &descriptor) == nil && descriptor.Digest != (v1.Hash{}) {
		i.listed = append(i.listed, Listed{descriptor})
	}
	i.entries = append(i.entries, entry)
}

// add adds the manifests that the index does not have.
func (i *index) add(manifests ...referrer) error {
	for _, manifest := range manifests {
		if has(i.listed, manifest) {
			continue
		}
		entry, err := json.Marshal(manifest.descriptor)
		if err != nil {
			return err
		}
		i.append(entry)
	}
	return nil
}

// text returns the list as it is put, and its media type.
func (i *index) text() ([]byte, types.MediaType, error) {
	entries, err := json.Marshal(i.entries)
	if err != nil {
		return nil, "", err
	}
	i.members["manifests"] = entries
	text, err := json.Marshal(i.members) // sorts the members
	delete(i.members, "manifests")
	var mediaType types.MediaType
	if json.Unmarshal(i.members["mediaType"], &mediaType) != nil || mediaType == "" {
		mediaType = types.OCIImageIndex
	}
	return text, mediaType, err
}

// hasAll reports whether a list has all of these manifests.
func hasAll(listed []Listed, manifests []referrer) bool {
	return !slices.ContainsFunc(manifests, func(m referrer) bool { return !has(listed, m) })
}

func has(listed []Listed, manifest referrer) bool {
	return slices.ContainsFunc(listed, func(l Listed) bool { return l.Digest == manifest.descriptor.Digest })
}

// union returns the entries of all lists, each once, sorted by digest.
func union(lists ...[]Listed) []Listed {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b Listed) int { return strings.Compare(a.Digest.String(), b.Digest.String()) })
	return slices.CompactFunc(all, func(a, b Listed) bool { return a.Digest == b.Digest })
}
