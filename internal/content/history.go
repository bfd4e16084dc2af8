package content

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// createdBy is the prefix of the history entries of layers that mkimage makes.
const createdBy = "mkimage "

// CreatedBy returns the history text for the layer with this name.
func CreatedBy(name string) string { return createdBy + name }

// OwnNames returns the name that [CreatedBy] wrote into the history for each of an image's layers, the lowest first,
// and "" for layers that mkimage has not made.
func OwnNames(history []v1.History, layers int) []string {
	names := make([]string, layers)
	for n, text := range texts(history, layers) {
		if name, ours := strings.CutPrefix(text, createdBy); ours {
			names[n] = name
		}
	}
	return names
}

// IsOurs reports whether a history is that of an image of mkimage: some layer has a name of [CreatedBy].
func IsOurs(history []v1.History) bool {
	return slices.ContainsFunc(history, func(entry v1.History) bool { return strings.HasPrefix(entry.CreatedBy, createdBy) })
}

// LayerNames returns a name for each of an image's layers, the lowest first: the text of its history entry, without the
// prefix of [CreatedBy], if that is a single word, else "layer N", from 1.
func LayerNames(history []v1.History, layers int) []string {
	names := texts(history, layers)
	for n := range names {
		names[n] = strings.TrimPrefix(names[n], createdBy)
		if names[n] == "" || strings.ContainsAny(names[n], " \n") {
			names[n] = fmt.Sprintf("layer %d", n+1)
		}
	}
	return names
}

// texts returns the history text of each layer, or "" for a layer without one.
func texts(history []v1.History, layers int) []string {
	all := make([]string, layers)
	n := 0
	for _, entry := range history {
		if !entry.EmptyLayer && n < layers {
			all[n] = entry.CreatedBy
			n++
		}
	}
	return all
}

// Names returns the name of each layer: its own, if this run has made the layer, else the name from the history.
func Names(layers []v1.Layer, history []v1.History) []string {
	names := LayerNames(history, len(layers))
	for n, l := range layers {
		if own, ok := l.(interface{ LayerName() string }); ok {
			names[n] = own.LayerName()
		}
	}
	return names
}
