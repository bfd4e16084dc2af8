package affected

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
)

// source is an input of an image.
type source struct {
	path      string // absolute: a file, or a folder with all that is below
	isPackage bool   // a folder of a Go package: its files, and the files below it that are not Go, which may be embedded
}

// sourcesAt returns the sources for a file or folder, absolute or relative to the working directory: the file itself,
// and the targets of symbolic links on the way to it or in it.
func (s search) sourcesAt(name string, isPackage bool) []source {
	if name = filepath.FromSlash(name); !filepath.IsAbs(name) {
		name = filepath.Join(s.here, name)
	}
	var all []source
	at := places(name)
	for _, place := range at {
		all = append(all, source{place, isPackage})
	}
	if end := at[len(at)-1]; isDir(end) {
		for _, place := range linked(end, isPackage) {
			all = append(all, source{path: place})
		}
	}
	return all
}

// actionOf returns the path of the definition's action, absolute or as seen from the working directory, or "".
func actionOf(definition images.Definition) string {
	if definition.Action == "" {
		return ""
	}
	return filepath.Clean(definition.Beside(definition.Action))
}

// actions returns the sources of definitions' actions: a file, the folder of a function, or Go packages and the files
// of their module.
func (s search) actions(ctx context.Context, definitions []images.Definition) (map[string][]source, error) {
	made := map[string][]source{}
	folders := map[string]string{} // absolute -> the action
	for _, definition := range definitions {
		place := actionOf(definition)
		if place == "" || definition.Shipped || made[place] != nil {
			continue
		}
		made[place] = s.sourcesAt(place, false)
		if action.IsGoPackage(place) {
			folder, err := filepath.Abs(place)
			if err != nil {
				return nil, err
			}
			folders[folder] = place
		}
	}
	var all []string
	for folder := range folders {
		if _, err := gobuild.ModuleRoot(folder); err == nil { // else the build says so
			all = append(all, folder)
		}
	}
	slices.Sort(all)
	packages, err := gobuild.Sources(ctx, all)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for _, folder := range all {
		if err == nil && packages[folder] != nil {
			made[folders[folder]] = append(s.sourcesAt(folder, true), s.sourcesOf(packages[folder])...)
		} else if root, err := gobuild.ModuleRoot(folder); err == nil { // the packages are not known: take all of the module
			made[folders[folder]] = append(s.sourcesAt(folder, false), s.sourcesAt(root, false)...)
		}
	}
	return made, nil
}

// sourcesOf returns the sources of a Go package: the folders of its packages, the files that they embed, and the
// go.mod, go.sum and workspace files.
func (s search) sourcesOf(files []string) []source {
	var all []source
	done := map[string]bool{}
	add := func(name string) {
		if !done[name] {
			done[name] = true
			all = append(all, s.sourcesAt(name, false)...)
		}
	}
	for _, file := range files {
		if !isDir(file) {
			add(file)
			continue
		}
		all = append(all, s.sourcesAt(file, true)...)
		root, err := gobuild.ModuleRoot(file)
		if err != nil {
			continue
		}
		for _, name := range []string{"go.mod", "go.sum", "vendor/modules.txt"} {
			add(filepath.Join(root, name))
		}
		for dir := root; s.holds(dir); dir = filepath.Dir(dir) {
			add(filepath.Join(dir, "go.work"))
			add(filepath.Join(dir, "go.work.sum"))
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return all
}
