package plan

import (
	"archive/tar"
	"context"
	"fmt"
	"path"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// place puts a layer with the files of a definition on top of others. A file takes the place of one below it, and a
// folder of the layers below stays as it is.
func (m Materials) place(ctx context.Context, below []layer.Layer, files []layer.File) ([]layer.Layer, error) {
	types := map[string]byte{}
	for _, l := range below {
		for _, entry := range l.Entries {
			types[entry.Path] = entry.Type
		}
	}
	var all []layer.File
	for _, file := range files {
		if types[file.Path] == tar.TypeDir {
			return nil, fmt.Errorf("file /%s: it is a folder in the layers below", file.Path)
		}
		all = append(all, file)
		for dir := path.Dir(file.Path); dir != "."; dir = path.Dir(dir) {
			switch kind, known := types[dir]; {
			case !known:
				all = append(all, layer.Directory(dir, 0o755))
				types[dir] = tar.TypeDir
			case kind != tar.TypeDir:
				return nil, fmt.Errorf("file /%s: /%s is no folder in the layers below; name the folder itself", file.Path, dir)
			}
		}
	}
	made, err := m.Layers.New(ctx, FilesLayer, all)
	return append(below, made), err
}
