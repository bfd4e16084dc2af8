// Package plan decides everything about an image on a platform: its config, its annotations and its ordered layers.
//
// Layers go from the least to the most often changed (base, stemcells, packages, proxy, action), so that images share blobs. A plan holds nothing
// that changes while the content does not: no revision, no time of build.
package plan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
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
	Runs        []Run             // what is still to be made, in the order of their layers; only builders can
	Annotations map[string]string // of the manifest and of the index
	Budget      images.Size       // docker size that it must not exceed; 0 means no limit
}

// Inputs is what an image is made from beside its definition.
type Inputs struct {
	Scratch   layer.Layer                      // of [Scratch], for base scratch
	Proxies   map[images.Platform]layer.Layer  // of [Proxy], by platform
	Actions   map[images.Platform]action.Baked // what is baked in, by platform; nil where nothing is
	Stemcells []stemcells.Stemcell             // those of the definition, in its order
	Alpine    map[images.Platform]Packages     // for base alpine
	Epoch     time.Time                        // creation time of the image
	Layers    *layer.Maker                     // gives every file its modification time
}

// Make returns a plan for every platform of the definition, in its order. Layers that are known by their inputs are not
// made anew.
func Make(ctx context.Context, def images.Definition, in Inputs) ([]Image, error) {
	if len(def.Stemcells) != len(in.Stemcells) {
		return nil, fmt.Errorf("image %s (%s): it has %d stemcells, of which %d were loaded", def.Name, def.File, len(def.Stemcells), len(in.Stemcells))
	}
	config, err := config(def, in.Stemcells)
	if err != nil {
		return nil, fmt.Errorf("image %s (%s): %w", def.Name, def.File, err)
	}
	var plans []Image
	for _, platform := range def.Platforms {
		layers, err := layersOf(ctx, def, in, platform)
		if err != nil {
			return nil, fmt.Errorf("image %s for %s: %w", def.Name, platform, err)
		}
		runs, err := in.runs(ctx, def, platform)
		if err != nil {
			return nil, fmt.Errorf("image %s for %s: %w", def.Name, platform, err)
		}
		made := Image{
			Name:        def.Name,
			Platform:    platform,
			Config:      config,
			Created:     in.Epoch.UTC(),
			Layers:      layers,
			Runs:        runs,
			Annotations: annotations(def),
			Budget:      def.Budget,
		}
		if in.Actions[platform].Serves {
			made.Config.Entrypoint = []string{"/" + actionPath}
		}
		plans = append(plans, made)
	}
	return plans, nil
}

// layersOf makes the layers of an image, the lowest first.
func layersOf(ctx context.Context, def images.Definition, in Inputs, platform images.Platform) ([]layer.Layer, error) {
	baked, isBaked := in.Actions[platform]
	if def.Action != "" && !isBaked {
		return nil, errors.New("no action")
	}
	layers, err := in.below(ctx, def, platform)
	if err != nil {
		return nil, err
	}
	if !baked.Serves { // such an action needs no proxy
		proxy, ok := in.Proxies[platform]
		if !ok {
			return nil, errors.New("no proxy")
		}
		layers = append(layers, proxy)
	}
	if len(baked.Files) > 0 {
		action, err := in.Layers.New(ctx, actionLayer, baked.Files)
		if err != nil {
			return nil, err
		}
		layers = append(layers, action)
	}
	return layers, nil
}

// Scratch makes the layer that every image with base scratch begins with.
func Scratch(ctx context.Context, layers *layer.Maker) (layer.Layer, error) {
	return layers.New(ctx, baseLayer, scratch())
}

// Proxy makes the layer of a static proxy.
func Proxy(ctx context.Context, layers *layer.Maker, program []byte) (layer.Layer, error) {
	return layers.New(ctx, proxyLayer, []layer.File{layer.Regular(proxyPath, 0o755, program)})
}

// Below returns the names of the files that an image has below its proxy and its action. What steps make nobody knows yet.
func Below(ctx context.Context, def images.Definition, in Inputs, platform images.Platform) (action.Tree, error) {
	layers, err := in.below(ctx, def, platform)
	if err != nil {
		return nil, fmt.Errorf("image %s for %s: %w", def.Name, platform, err)
	}
	tree := action.NewTree(layers...)
	if len(steps(def, in.Stemcells)) > 0 {
		tree = tree.Open()
	}
	return tree, nil
}

// below makes the layers below the proxy: base, stemcells, packages.
func (in Inputs) below(ctx context.Context, def images.Definition, platform images.Platform) ([]layer.Layer, error) {
	if def.Base == images.Alpine {
		packages, ok := in.Alpine[platform]
		if !ok {
			return nil, errors.New("its packages are not known")
		}
		recipe, err := packages.image().recipe(in.Stemcells)
		if err != nil {
			return nil, err
		}
		return in.Layers.Make(ctx, recipe)
	}
	layers := []layer.Layer{in.Scratch}
	for _, language := range in.Stemcells {
		files := brought(language, nil)
		if len(files) == 0 { // the stemcell go, whose programs are compiled before
			continue
		}
		made, err := in.Layers.New(ctx, stemcellLayer+language.Name, files)
		if err != nil {
			return nil, err
		}
		layers = append(layers, made)
	}
	return layers, nil
}
