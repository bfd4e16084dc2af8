// Package touched tells which images a change touches, so that only those are built: those whose definition, lock,
// stemcell or action it changes, and all of them when it changes what all are made with.
//
//	names, err := touched.Images(ctx, definitions, touched.Change{Files: files, Stemcells: "stemcells", Former: base.File})
//
// In doubt an image counts as touched: one that is built once more comes out the same.
package touched

import (
	"context"
	"path"
	"path/filepath"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// Change is what has changed. Paths are as seen from the working directory, with slashes.
type Change struct {
	Files     []string
	Stemcells string                                                 // the folder of stemcells beside mkimage's own
	Shared    []string                                               // files and folders that all images are made with
	Former    func(ctx context.Context, file string) ([]byte, error) // what a file held before; nil where it was not there
}

// Images returns the definitions that a change touches, in their order.
func Images(ctx context.Context, definitions []images.Definition, change Change) ([]images.Definition, error) {
	if everything, err := change.everything(ctx); everything || err != nil {
		return definitions, err
	}
	actions, err := sources(ctx, definitions)
	if err != nil {
		return nil, err
	}
	var touched []images.Definition
	for _, definition := range definitions {
		if !definition.Shipped && change.touches(definition, actions[actionOf(definition)]) {
			touched = append(touched, definition)
		}
	}
	return touched, nil
}

func (c Change) touches(definition images.Definition, action []source) bool {
	all := append([]source{{path: seen(definition.File)}, {path: seen(definition.LockFile())}}, action...)
	for _, stemcell := range definition.Stemcells { // also one of mkimage's own, which a folder may replace
		all = append(all, source{path: path.Join(seen(c.Stemcells), stemcell)})
	}
	for _, each := range all {
		if c.holds(each) {
			return true
		}
	}
	return false
}

// everything reports whether the change touches what all images are made with: a shared file, the versions of mkimage
// and Go in go.mod, or, in mkimage's own repository, the proxy.
func (c Change) everything(ctx context.Context) (bool, error) {
	for _, shared := range c.Shared {
		if c.holds(source{path: seen(shared)}) {
			return true, nil
		}
	}
	now, err := readModule("go.mod")
	if err != nil || now.path == mkimage && c.holds(source{path: "proxy"}) {
		return true, err
	}
	if !c.holds(source{path: "go.mod"}) {
		return false, nil
	}
	text, err := c.Former(ctx, "go.mod")
	return now != parseModule(text), err
}

// source is what an image is made from.
type source struct {
	path      string // a file, or a folder with all that is below
	isPackage bool   // a folder of Go: its files, and below it those that are no Go, which may be embedded
}

// holds reports whether the change is one of the source.
func (c Change) holds(source source) bool {
	for _, file := range c.Files {
		below, inside := strings.CutPrefix(file, source.path+"/")
		if source.path == "." && !strings.HasPrefix(file, "../") {
			below, inside = file, true
		}
		another := source.isPackage && path.Ext(file) == ".go" && (strings.Contains(below, "/") || strings.HasSuffix(file, "_test.go"))
		if file == source.path || inside && !another {
			return true
		}
	}
	return false
}

// seen is a path as seen from the working directory, with slashes.
func seen(name string) string {
	if filepath.IsAbs(name) {
		if here, err := filepath.Abs("."); err == nil {
			if relative, err := filepath.Rel(here, name); err == nil {
				name = relative
			}
		}
	}
	return path.Clean(filepath.ToSlash(name))
}
