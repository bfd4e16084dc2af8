// Package affected finds the images that a change affects, so that only those are built. It affects an image if it
// changes its definition, lock, stemcell or action, and all images if it changes an input of all.
//
//	change, err := affected.Since(ctx, base)
//	change.Shared = []string{".gitlab-ci.yml"}
//	definitions, err = affected.Images(ctx, definitions, change)
//
// In doubt an image counts as affected: one that is built once more comes out the same. Such a doubt is a file that git
// ignores, was told not to look at, or has in another repository, and one that is in no repository at all.
package affected

import (
	"cmp"
	"context"
	"os"
	"path/filepath"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/git"
)

// Change lists changed files. Paths are relative to the working directory, with slashes.
type Change struct {
	Files     []string                                               // files, and folders with all that is in them
	Ignored   []string                                               // files that git ignores, so that nobody knows whether they have changed
	Stemcells string                                                 // the folder of stemcells beside mkimage's own; "" is stemcells
	Shared    []string                                               // files and folders that all images are made with
	Former    func(ctx context.Context, file string) ([]byte, error) // the former content of a file, or nil if it is new
	Holds     func(file string) bool                                 // whether a file would be among Files; nil is all
}

// Since returns the changes since a commit.
func Since(ctx context.Context, base git.Base) (Change, error) {
	files, err := base.Changed(ctx)
	if err != nil {
		return Change{}, err
	}
	ignored, err := base.Ignored(ctx)
	return Change{Files: files, Ignored: ignored, Former: base.File, Holds: base.Holds}, err
}

// Images returns the definitions that a change affects, in their order.
func Images(ctx context.Context, definitions []images.Definition, change Change) ([]images.Definition, error) {
	search, err := newSearch(change)
	if err != nil {
		return nil, err
	}
	if everything, err := search.everything(ctx); everything || err != nil {
		return definitions, err
	}
	actions, err := search.actions(ctx, definitions)
	if err != nil {
		return nil, err
	}
	var affected []images.Definition
	for _, definition := range definitions {
		if !definition.Shipped && search.affects(definition, actions[actionOf(definition)]) {
			affected = append(affected, definition)
		}
	}
	return affected, nil
}

func (s search) affects(definition images.Definition, action []source) bool {
	for _, file := range []string{definition.File, definition.LockFile()} {
		if s.touches(file) {
			return true
		}
	}
	for _, stemcell := range definition.Stemcells { // also one of mkimage's own, which a folder may replace
		dir := filepath.Join(cmp.Or(s.Stemcells, "stemcells"), stemcell)
		if _, err := os.Lstat(dir); (err == nil || s.holds(filepath.Join(s.here, dir))) && s.touches(dir) {
			return true
		}
	}
	for _, file := range definition.Sources() {
		if s.touches(definition.Beside(file)) {
			return true
		}
	}
	return s.touchesAny(action)
}

// everything reports whether the change touches the inputs of all images: a shared file, the versions of mkimage and Go
// in go.mod, or, in mkimage's own repository, the proxy.
func (s search) everything(ctx context.Context) (bool, error) {
	for _, shared := range s.Shared {
		if s.touches(shared) {
			return true, nil
		}
	}
	now, err := readModule("go.mod")
	if err != nil || now.path == mkimage && s.touches("proxy") {
		return true, err
	}
	if !s.touches("go.mod") {
		return false, nil
	}
	text, err := s.Former(ctx, "go.mod")
	return now != parseModule(text), err
}
