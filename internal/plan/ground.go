package plan

import (
	"context"
	"errors"
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// Materials are the inputs of the layers below the proxies of an image.
type Materials struct {
	Scratch   layer.Layer                      // of [Scratch], for base scratch
	Stemcells []stemcells.Stemcell             // of the definition, in its order
	Alpine    map[images.Platform]Packages     // for base alpine
	Files     []*layer.Layer                   // the files of each of the definition's steps, or nil
	Placed    map[images.Platform][]layer.File // the files of the definition, at their paths in the image
	Layers    *layer.Maker                     // sets the modification time of every file
}

// Ground is the part of an image below its proxy and its action, on a platform.
type Ground struct {
	Layers []layer.Layer  // base, stemcells, packages, files: the lowest first
	Env    []string       // NAME=VALUE, with which a container is started
	Steps  []images.Step  // to be run on the layers, in order
	Files  []*layer.Layer // those of the last steps, as in [Materials]
	Tools  []layer.Layer  // packages that only steps have

	known []stemcells.File // files whose content need not be read out of a layer
}

// Lay makes the layers below the proxies of an image, for every platform of its definition.
func Lay(ctx context.Context, def images.Definition, from Materials) (map[images.Platform]Ground, error) {
	if len(def.Stemcells) != len(from.Stemcells) {
		return nil, fmt.Errorf("image %s (%s): it has %d stemcells, of which %d were loaded", def.Name, def.File, len(def.Stemcells), len(from.Stemcells))
	}
	grounds := map[images.Platform]Ground{}
	for _, platform := range def.Platforms {
		ground, err := from.lay(ctx, def, platform)
		if err == nil && len(from.Placed[platform]) > 0 {
			ground.Layers, err = from.place(ctx, ground.Layers, from.Placed[platform])
		}
		if err != nil {
			return nil, fmt.Errorf("image %s for %s: %w", def.Name, platform, err)
		}
		grounds[platform] = ground
	}
	return grounds, nil
}

func (m Materials) lay(ctx context.Context, def images.Definition, platform images.Platform) (ground Ground, err error) {
	ground.Steps, ground.Files, ground.Env = steps(def, m.Stemcells), m.Files, environment(withLanguages(def.Env, m.Stemcells))
	for _, language := range m.Stemcells {
		ground.known = append(ground.known, language.Image()...)
	}
	if def.Base == images.Scratch {
		if len(ground.Steps) > 0 {
			return ground, errors.New("a stemcell has steps, which need a shell, and base scratch has none; take base: alpine")
		}
		ground.Layers, err = m.onScratch(ctx)
		return ground, err
	}
	packages, ok := m.Alpine[platform]
	if !ok {
		return ground, errors.New("its packages are not known")
	}
	recipe, err := packages.image().recipe(m.Stemcells)
	if err != nil {
		return ground, err
	}
	if ground.Layers, err = m.Layers.Make(ctx, recipe); err != nil || len(stepPackages(def, m.Stemcells)) == 0 {
		return ground, err
	}
	if recipe, err = packages.build(); err != nil {
		return ground, err
	}
	ground.Tools, err = m.Layers.Make(ctx, recipe)
	return ground, err
}

// onScratch makes the base and the layers of stemcells. The stemcell go has no layer: its programs are compiled before.
func (m Materials) onScratch(ctx context.Context) ([]layer.Layer, error) {
	layers := []layer.Layer{m.Scratch}
	for _, language := range m.Stemcells {
		files := brought(language, nil)
		if len(files) == 0 {
			continue
		}
		made, err := m.Layers.New(ctx, stemcellLayer+language.Name, files)
		if err != nil {
			return nil, err
		}
		layers = append(layers, made)
	}
	return layers, nil
}

// Tree returns the files and the environment that an action finds, without the files that steps will make.
func (g Ground) Tree() action.Tree {
	tree := action.NewTree(g.Env, g.Layers...)
	for _, file := range g.known {
		tree.Know(file.Path, file.Content)
	}
	if len(g.Steps) > 0 {
		tree = tree.Open()
	}
	return tree
}
