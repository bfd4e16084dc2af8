package plan

import (
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// Run is a step of a definition or a stemcell: a layer that a builder makes, on the file system of those below.
type Run struct {
	images.Step
	Name  string        // of the layer
	Below int           // how many of the finished layers lie below it
	Extra []layer.Layer // packages that the step has and the image does not
}

// Complete returns the image with the layers that were made in the places of its steps, in their order.
func (i Image) Complete(made []layer.Layer) Image {
	var layers []layer.Layer
	for n := 0; n <= len(i.Layers); n++ {
		for r, run := range i.Runs {
			if run.Below == n {
				layers = append(layers, made[r])
			}
		}
		if n < len(i.Layers) {
			layers = append(layers, i.Layers[n])
		}
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
