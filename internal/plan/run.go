package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// Run is a step of a definition or a stemcell: a layer that a builder makes, on the file system of those below.
type Run struct {
	images.Step
	Name  string        // of the layer: run-1, run-2
	Below int           // how many of the finished layers lie below it
	Extra []layer.Layer // what the step has of packages and the image does not
}

// steps returns those of the stemcells, in their order, and then those of the definition.
func steps(def images.Definition, languages []stemcells.Stemcell) []images.Step {
	var all []images.Step
	for _, language := range languages {
		all = append(all, language.Run...)
	}
	return append(all, def.Run...)
}

// stepPackages returns the packages that some step needs, sorted.
func stepPackages(def images.Definition, languages []stemcells.Stemcell) []string {
	var all []string
	for _, step := range steps(def, languages) {
		all = append(all, step.Packages...)
	}
	return slices.Compact(sorted(all))
}

// runs returns the steps of an image. They come after its packages and before its proxy.
func (in Inputs) runs(ctx context.Context, def images.Definition, platform images.Platform) ([]Run, error) {
	all := steps(def, in.Stemcells)
	if len(all) == 0 {
		return nil, nil
	}
	if def.Base == images.Scratch {
		return nil, errors.New("a stemcell has steps, which need a shell, and base scratch has none; take base: alpine")
	}
	below, err := in.below(ctx, def, platform)
	if err != nil {
		return nil, err
	}
	var extra []layer.Layer
	if len(stepPackages(def, in.Stemcells)) > 0 {
		recipe, err := in.Alpine[platform].build()
		if err != nil {
			return nil, err
		}
		if extra, err = in.Layers.Make(ctx, recipe); err != nil {
			return nil, err
		}
	}
	var runs []Run
	for i, step := range all {
		run := Run{Step: step, Name: fmt.Sprintf("run-%d", i+1), Below: len(below)}
		if len(step.Packages) > 0 {
			run.Extra = extra
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// ForSteps reports whether a package is there for steps alone.
func ForSteps(pin images.Pin) bool { return pin.Layer == buildLayer }

// build says how the layer is made of what steps have of packages and the image does not.
func (p Packages) build() (layer.Recipe, error) {
	inputs, err := json.Marshal(struct {
		World apkfs.World
		Pins  []images.Pin
	}{p.World, p.Pins})
	if err != nil {
		return layer.Recipe{}, err
	}
	return layer.Recipe{Key: cache.Key(format, apkfs.Format, buildLayer, string(inputs)), Parts: func(ctx context.Context) ([]layer.Part, error) {
		tree, err := p.Install(ctx, p.World, p.Pins)
		if err != nil {
			return nil, err
		}
		last := len(p.World.Layers) - 1
		return []layer.Part{{Name: buildLayer, Files: tree.Layers[last]}}, nil
	}}, nil
}

// Complete returns the image with the layers that were made in the places of its steps, in their order.
func (i Image) Complete(made []layer.Layer) Image {
	layers := slices.Clone(i.Layers)
	for n, run := range i.Runs {
		layers = slices.Insert(layers, run.Below+n, made[n])
	}
	i.Layers, i.Runs = layers, nil
	return i
}

// Names returns the names of all layers, those that are to be made among them.
func (i Image) Names() []string {
	var names []string
	for _, l := range i.Layers {
		names = append(names, l.Name)
	}
	for n, run := range i.Runs {
		names = slices.Insert(names, run.Below+n, run.Name)
	}
	return names
}
