package content

import (
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// createdBy stands before a layer's name in its history entry.
const createdBy = "mkimage "

// CreatedBy returns what the history of an image says of the layer with this name.
func CreatedBy(name string) string { return createdBy + name }

// LayerNames returns the name of each of an image's layers, the lowest first, by its history: the one that [CreatedBy]
// wrote there, or "layer N", from 1.
func LayerNames(history []v1.History, layers int) []string {
	var names []string
	for _, entry := range history {
		if !entry.EmptyLayer {
			names = append(names, strings.TrimPrefix(entry.CreatedBy, createdBy))
		}
	}
	for n := range layers {
		if n >= len(names) {
			names = append(names, "")
		}
		if names[n] == "" || strings.ContainsAny(names[n], " \n") {
			names[n] = fmt.Sprintf("layer %d", n+1)
		}
	}
	return names[:layers]
}

// Names returns the name that each layer has itself, as those do that were made in this run, else that of the history.
func Names(layers []v1.Layer, history []v1.History) []string {
	names := LayerNames(history, len(layers))
	for n, l := range layers {
		if own, ok := l.(interface{ LayerName() string }); ok {
			names[n] = own.LayerName()
		}
	}
	return names
}
