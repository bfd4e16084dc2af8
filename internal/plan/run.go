package plan

import (
	"context"
	"encoding/json"
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
	Extra []layer.Layer // the packages of the step that the image does not have
	Given *layer.Layer  // the files that the step finds in [FilesDir], or nil
}

// FilesDir is the folder with the files of a step, and FilesLayer the name of the layer that they are handed over as, and
// that the files of a definition are in.
const (
	FilesDir   = "/run/files"
	FilesLayer = "files"
)

// steps returns the stemcells' steps, in their order, and then the definition's.
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

// runs returns the steps as layers that are still to be made. They lie above the packages and below the proxy.
func (g Ground) runs() []Run {
	var runs []Run
	for i, step := range g.Steps {
		run := Run{Step: step, Name: fmt.Sprintf("run-%d", i+1), Below: len(g.Layers)}
		if len(step.Packages) > 0 {
			run.Extra = g.Tools
		}
		if before := len(g.Steps) - len(g.Files); i >= before { // stemcells' steps come first, and have no files
			run.Given = g.Files[i-before]
		}
		runs = append(runs, run)
	}
	return runs
}

// ForSteps reports whether only steps use a package.
func ForSteps(pin images.Pin) bool { return pin.Layer == buildLayer }

// build returns the recipe of the layer with the packages that steps use and the image lacks.
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

// Complete returns the image with finished layers in the places of its steps, in their order.
func (i Image) Complete(made []layer.Layer) Image {
	layers := slices.Clone(i.Layers)
	for n, run := range i.Runs {
		layers = slices.Insert(layers, run.Below+n, made[n])
	}
	i.Layers, i.Runs = layers, nil
	return i
}

// Names returns the names of all layers, including those that are still to be made.
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
