package touched

import (
	"context"
	"os"
	"path"
	"path/filepath"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
)

// actionOf returns the path of the definition's action as seen from the working directory, or "".
func actionOf(definition images.Definition) string {
	switch {
	case definition.Action == "":
		return ""
	case filepath.IsAbs(definition.Action):
		return seen(definition.Action)
	}
	return path.Join(path.Dir(seen(definition.File)), filepath.ToSlash(definition.Action))
}

// sources returns what the actions of definitions are made from: a file, or Go packages and the files of their module.
func sources(ctx context.Context, definitions []images.Definition) (map[string][]source, error) {
	made := map[string][]source{}
	var folders []string
	for _, definition := range definitions {
		action := actionOf(definition)
		if action == "" || definition.Shipped || made[action] != nil {
			continue
		}
		made[action] = []source{{path: action}}
		if stat, err := os.Stat(filepath.FromSlash(action)); err == nil && stat.IsDir() {
			folder, err := filepath.Abs(action)
			if err != nil {
				return nil, err
			}
			folders = append(folders, folder)
		}
	}
	packages, err := gobuild.Sources(ctx, folders)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for _, folder := range folders {
		root, rootErr := gobuild.ModuleRoot(folder)
		switch {
		case rootErr != nil: // the build will say so
		case err != nil: // nor is it known what a package is made from: of all that is in the module
			made[seen(folder)] = []source{{path: seen(root)}}
		default:
			made[seen(folder)] = sourcesOf(root, packages[folder])
		}
	}
	return made, nil
}

// sourcesOf returns the sources of a Go package: the folders that it is compiled from, and what its module requires.
func sourcesOf(root string, folders []string) []source {
	var all []source
	for _, file := range []string{"go.mod", "go.sum", "vendor/modules.txt"} {
		all = append(all, source{path: seen(filepath.Join(root, file))})
	}
	for _, folder := range folders {
		all = append(all, source{path: seen(folder), isPackage: true})
	}
	return all
}
