package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
)

// stepFiles returns the files of each of the definition's steps, or nil for a step without files.
func stepFiles(definition images.Definition) ([][]action.Given, error) {
	all := make([][]action.Given, len(definition.Run))
	for n, step := range definition.Run {
		if len(step.Files) == 0 {
			continue
		}
		found, err := action.OpenFiles(filepath.Dir(definition.File), step.Files)
		if err != nil {
			return nil, fmt.Errorf("image %s: files of %s: %w", definition.Name, definition.File, err)
		}
		all[n] = found
	}
	return all, nil
}

// placedFiles returns the files of a definition for each of its platforms, at their paths in the image, and all their
// sources.
func placedFiles(definition images.Definition) (map[images.Platform][]layer.File, []action.Given, error) {
	placed := map[images.Platform][]layer.File{}
	var sources []action.Given
	if err := action.CheckCase(slices.Collect(maps.Values(definition.Files))); err != nil {
		return nil, nil, fmt.Errorf("files of %s: %w", definition.File, err)
	}
	for _, platform := range definition.Platforms {
		for _, to := range slices.Sorted(maps.Keys(definition.Files)) {
			name := images.Source(definition.Files[to], platform)
			found, err := action.OpenFiles(filepath.Dir(definition.File), []string{name})
			if err == nil && found[0].Files[0].Mode.IsDir() {
				err = fmt.Errorf("%q is a folder; name each of its files", name)
			}
			if err != nil {
				return nil, nil, fmt.Errorf("files of %s: %s: %w", definition.File, to, err)
			}
			file := found[0].Files[0]
			file.Path = to[1:]
			placed[platform] = append(placed[platform], file)
			if !slices.ContainsFunc(sources, func(other action.Given) bool { return other.Name == name }) {
				sources = append(sources, found...)
			}
		}
	}
	return placed, sources, nil
}

// layFiles makes a layer of each step's files, or nil for a step without files.
func (r *run) layFiles(ctx context.Context, steps [][]action.Given) ([]*layer.Layer, error) {
	layers := make([]*layer.Layer, len(steps))
	for n, step := range steps {
		if len(step) == 0 {
			continue
		}
		seen := map[string]bool{}
		var files []layer.File
		for _, one := range step {
			for dir := path.Dir(one.Name); dir != "."; dir = path.Dir(dir) {
				if !seen[dir] {
					files = append(files, layer.Directory(dir, 0o755))
				}
				seen[dir] = true
			}
			for _, file := range one.Files {
				if !seen[file.Path] {
					files = append(files, file)
				}
				seen[file.Path] = true
			}
		}
		made, err := r.layers.New(ctx, plan.FilesLayer, files)
		if err != nil {
			return nil, err
		}
		layers[n] = &made
	}
	return layers, nil
}

// fileMaterial returns files of a definition or its step as a material with a name.
func fileMaterial(g action.Given, name string) (provenance.Material, error) {
	contents := map[string][]byte{}
	for _, file := range g.Files {
		if file.Open == nil {
			continue
		}
		content, err := file.Open()
		if err != nil {
			return provenance.Material{}, err
		}
		text, err := io.ReadAll(content)
		if err = errors.Join(err, content.Close()); err != nil {
			return provenance.Material{}, err
		}
		if file.Path == g.Name {
			return provenance.File(name, text), nil
		}
		contents[strings.TrimPrefix(file.Path, g.Name+"/")] = text
	}
	return provenance.Files(name, "", contents)
}
