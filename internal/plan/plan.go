// Package plan decides everything about an image on a platform: its config, its annotations and its ordered layers.
//
// Layers go from the least to the most often changed (base, stemcells, packages, proxy, action), so that images share blobs. A plan holds nothing
// that changes while the content does not: no revision, no time of build.
package plan

import (
	"errors"
	"fmt"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image is one image on one platform with everything decided.
type Image struct {
	Name        string
	Platform    images.Platform
	Config      ocispec.ImageConfig
	Created     time.Time
	Layers      []layer.Layer     // the lowest first
	Annotations map[string]string // of the manifest and of the index
	Budget      images.Size       // docker size that it must not exceed; 0 means no limit

	// What is in the image, for its bill of materials.
	Packages  []apkfs.Package
	Stemcells []stemcells.Stemcell
	Proxy     []byte       // the program; nil where the action serves itself
	Action    action.Baked // nothing where none is baked in
}

// Inputs is what an image is made from beside its definition.
type Inputs struct {
	Proxies   map[images.Platform][]byte       // the static proxy, by platform
	Actions   map[images.Platform]action.Baked // what is baked in, by platform; nil where nothing is
	Stemcells []stemcells.Stemcell             // those of the definition, in its order
	Alpine    map[images.Platform]apkfs.Tree   // the packages of [World], installed; for base alpine
	Epoch     time.Time                        // modification time of every file and creation time of the image
	Cache     cache.Dir                        // keeps compressed layers
}

// Make returns a plan for every platform of the definition, in its order.
func Make(def images.Definition, in Inputs) ([]Image, error) {
	if len(def.Stemcells) != len(in.Stemcells) {
		return nil, fmt.Errorf("image %s (%s): it has %d stemcells, of which %d were loaded", def.Name, def.File, len(def.Stemcells), len(in.Stemcells))
	}
	config, err := config(def, in.Stemcells)
	if err != nil {
		return nil, fmt.Errorf("image %s (%s): %w", def.Name, def.File, err)
	}
	var plans []Image
	for _, platform := range def.Platforms {
		layers, err := layersOf(def, in, platform)
		if err != nil {
			return nil, fmt.Errorf("image %s for %s: %w", def.Name, platform, err)
		}
		made := Image{
			Name:        def.Name,
			Platform:    platform,
			Config:      config,
			Created:     in.Epoch.UTC(),
			Layers:      layers,
			Annotations: annotations(def),
			Budget:      def.Budget,
			Packages:    in.Alpine[platform].Packages,
			Stemcells:   in.Stemcells,
			Action:      in.Actions[platform],
		}
		if made.Action.Serves {
			made.Config.Entrypoint = []string{"/" + actionPath}
		} else {
			made.Proxy = in.Proxies[platform]
		}
		plans = append(plans, made)
	}
	return plans, nil
}

// layersOf makes the layers of an image, the lowest first. One without a file is left out.
func layersOf(def images.Definition, in Inputs, platform images.Platform) ([]layer.Layer, error) {
	parts, err := parts(def, in, platform)
	if err != nil {
		return nil, err
	}
	tops, err := tops(def, in, platform)
	if err != nil {
		return nil, err
	}
	var layers []layer.Layer
	for _, part := range append(parts, tops...) {
		if len(part.files) == 0 {
			continue
		}
		made, err := layer.New(part.name, part.files, in.Epoch, in.Cache)
		if err != nil {
			return nil, err
		}
		layers = append(layers, made)
	}
	return layers, nil
}

// tops returns the layers above base, stemcells and packages: the proxy and the action. An action that serves /init
// and /run itself needs no proxy.
func tops(def images.Definition, in Inputs, platform images.Platform) ([]part, error) {
	baked, isBaked := in.Actions[platform]
	if def.Action != "" && !isBaked {
		return nil, errors.New("no action")
	}
	var tops []part
	if !baked.Serves {
		program, ok := in.Proxies[platform]
		if !ok {
			return nil, errors.New("no proxy")
		}
		tops = append(tops, part{proxyLayer, []layer.File{layer.Regular(proxyPath, 0o755, program)}})
	}
	return append(tops, part{actionLayer, baked.Files}), nil
}

// Below returns the names of the files that an image has below its proxy and its action.
func Below(def images.Definition, in Inputs, platform images.Platform) (action.Tree, error) {
	parts, err := parts(def, in, platform)
	if err != nil {
		return nil, fmt.Errorf("image %s for %s: %w", def.Name, platform, err)
	}
	var files []layer.File
	for _, part := range parts {
		files = append(files, part.files...)
	}
	return action.NewTree(files...), nil
}

// part is a layer before it is made.
type part struct {
	name  string
	files []layer.File
}

// parts returns the layers below the proxy.
func parts(def images.Definition, in Inputs, platform images.Platform) ([]part, error) {
	if def.Base == images.Scratch {
		parts := []part{{baseLayer, scratch()}}
		for _, language := range in.Stemcells {
			parts = append(parts, part{stemcellLayer + language.Name, brought(language, nil)})
		}
		return parts, nil
	}
	world := World(def, in.Stemcells, def.Alpine, platform)
	tree := in.Alpine[platform]
	if len(tree.Layers) != len(world.Layers) {
		return nil, errors.New("its packages are not installed")
	}
	var parts []part
	for i, l := range world.Layers {
		files := tree.Layers[i]
		switch {
		case i == 0:
			var err error
			if files, err = alpine(files); err != nil {
				return nil, err
			}
		case i <= len(in.Stemcells):
			files = brought(in.Stemcells[i-1], files)
		}
		parts = append(parts, part{l.Name, files})
	}
	return parts, nil
}
