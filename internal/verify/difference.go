package verify

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/compare"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
)

// Difference is the first place where two images differ: the first platform, its lowest layer, the first path of that.
type Difference struct {
	Platform string   `json:"platform"`
	Layer    string   `json:"layer,omitempty"` // "" when the layers are equal
	File     string   `json:"file,omitempty"`  // "" when entries are equal, and their archive or its compression differs
	Was      string   `json:"was,omitempty"`   // in the image that was pushed
	Is       string   `json:"is,omitempty"`
	Packages []string `json:"packages,omitempty"` // that differ, such as "bash 5.2-r0 -> 5.2-r1"
}

func (d Difference) String() string {
	text := d.Platform
	if d.Layer != "" {
		text += ", layer " + d.Layer
	}
	if d.File != "" {
		text += ", " + d.File
	}
	if d.Was != "" || d.Is != "" {
		text += fmt.Sprintf(": %s, and %s when it is built again", absent(d.Was), absent(d.Is))
	}
	return text
}

func absent(text string) string {
	if text == "" {
		return "absent"
	}
	return text
}

// firstDifference compares a pushed index with one that was built again.
func firstDifference(pushed, again v1.ImageIndex, store cache.Dir) (*Difference, error) {
	was, err := layout.Platforms(pushed)
	if err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	is, err := layout.Platforms(again)
	if err != nil {
		return nil, err
	}
	report, err := compare.Images(compare.Side{Name: "pushed", Platforms: was}, compare.Side{Name: "again", Platforms: is}, store)
	if err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	for _, p := range report.Platforms {
		if p.A != nil && p.B != nil && p.A.Digest == p.B.Digest {
			continue
		}
		first := &Difference{Platform: p.Platform}
		if p.A == nil || p.B == nil {
			if p.A != nil {
				first.Was = p.A.Digest
			} else {
				first.Is = p.B.Digest
			}
			return first, nil
		}
		for _, change := range p.Packages {
			first.Packages = append(first.Packages, strings.TrimSpace(change.Name+" "+absent(change.From)+" -> "+absent(change.To)))
		}
		if err := first.look(was[p.Platform], is[p.Platform], store); err != nil {
			return nil, err
		}
		switch {
		case first.Layer != "":
		case len(p.Config) > 0:
			first.File, first.Was, first.Is = "config "+p.Config[0].Key, p.Config[0].From, p.Config[0].To
		default: // times, history or annotations
			first.File, first.Was, first.Is = "manifest", p.A.Digest, p.B.Digest
		}
		return first, nil
	}
	return &Difference{Platform: "index", Was: "other descriptors"}, nil
}

// look finds the first layer and entry that differ.
func (d *Difference) look(was, is v1.Image, store cache.Dir) error {
	before, err := content.Read(was, store)
	if err != nil {
		return err
	}
	after, err := content.Read(is, store)
	if err != nil {
		return err
	}
	for n := range max(len(before.Layers), len(after.Layers)) {
		switch {
		case n >= len(before.Layers):
			d.Layer, d.Is = after.Names[n], after.Layers[n].Digest.String()
			return nil
		case n >= len(after.Layers):
			d.Layer, d.Was = before.Names[n], before.Layers[n].Digest.String()
			return nil
		case before.Layers[n].Digest != after.Layers[n].Digest:
			d.Layer, d.Was, d.Is = before.Names[n], before.Layers[n].Digest.String(), after.Layers[n].Digest.String()
			d.entry(before.Layers[n].Entries, after.Layers[n].Entries)
			return nil
		}
	}
	return nil
}

// entry finds the first entry that differs, by its path.
func (d *Difference) entry(before, after []content.Entry) {
	was, is := byPath(before), byPath(after)
	var paths []string
	for _, all := range []map[string]string{was, is} {
		for path := range all {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		if was[path] != is[path] {
			d.File, d.Was, d.Is = path, was[path], is[path]
			return
		}
	}
}

func byPath(entries []content.Entry) map[string]string {
	all := map[string]string{}
	for _, e := range entries {
		text := fmt.Sprintf("mode %04o, owner %d:%d", e.Mode&0o7777, e.UID, e.GID)
		if e.Link != "" {
			text += ", a link to " + e.Link
		}
		if e.SHA256 != "" {
			text += ", sha256:" + e.SHA256
		}
		all[e.Path] = text
	}
	return all
}
