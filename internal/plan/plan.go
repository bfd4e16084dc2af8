// Package plan decides everything about an image on a platform: its config, its annotations and its ordered layers.
//
// Layers go from the least to the most often changed (base, stemcells, packages, files, proxy, action), so that images share
// blobs. A plan holds nothing that changes while the content does not: no revision, no time of build.
package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image is one image on one platform with everything decided.
type Image struct {
	Name        string
	Platform    images.Platform
	Config      ocispec.ImageConfig
	Created     time.Time
	Layers      []layer.Layer     // the lowest first
	Action      *layer.Layer      // the layer of the baked action, or nil
	Runs        []Run             // the steps that a builder still has to run, in the order of their layers
	Annotations map[string]string // of the manifest and of the index
}

// Inputs are the inputs of an image beside its definition.
type Inputs struct {
	Materials
	Grounds map[images.Platform]Ground       // made by [Lay], by platform
	Proxies map[images.Platform]layer.Layer  // of [Proxy], by platform
	Actions map[images.Platform]action.Baked // the baked actions, by platform; nil without an action
	Epoch   time.Time                        // creation time of the image
}

// Make returns a plan for every platform of the definition, in its order. It takes layers from the cache if they were
// made from the same inputs before.
func Make(ctx context.Context, def images.Definition, in Inputs) ([]Image, error) {
	config, err := config(def, in.Stemcells)
	if err != nil {
		return nil, fmt.Errorf("image %s (%s): %w", def.Name, def.File, err)
	}
	var plans []Image
	for _, platform := range def.Platforms {
		made := Image{
			Name:        def.Name,
			Platform:    platform,
			Config:      config,
			Created:     in.Epoch.UTC(),
			Annotations: annotations(def),
		}
		if err := made.stack(ctx, def, in); err != nil {
			return nil, fmt.Errorf("image %s for %s: %w", def.Name, platform, err)
		}
		plans = append(plans, made)
	}
	return plans, nil
}

// stack puts the layers of an image on each other: the ground, the proxy, the action.
func (i *Image) stack(ctx context.Context, def images.Definition, in Inputs) error {
	ground, ok := in.Grounds[i.Platform]
	if !ok {
		return errors.New("nothing lies below it")
	}
	i.Layers, i.Runs = slices.Clone(ground.Layers), ground.runs()
	baked, isBaked := in.Actions[i.Platform]
	switch {
	case len(def.Entrypoint) > 0:
		if err := ground.Tree().CheckEntrypoint(def.Entrypoint[0], i.Platform); err != nil {
			return fmt.Errorf("entrypoint %s: %w", def.Entrypoint[0], err)
		}
	case def.Action != "" && !isBaked:
		return errors.New("no action")
	case baked.Serves: // it needs no proxy
		i.Config.Entrypoint = []string{"/" + action.Exec}
	default:
		proxy, ok := in.Proxies[i.Platform]
		if !ok {
			return errors.New("no proxy")
		}
		i.Layers = append(i.Layers, proxy)
	}
	if len(baked.Files) == 0 {
		return nil
	}
	action, err := in.Layers.New(ctx, actionLayer, baked.Files)
	if err != nil {
		return err
	}
	i.Layers, i.Action = append(i.Layers, action), &action
	i.bring(baked, def.Main)
	return nil
}

// Scratch makes the layer that every image with base scratch begins with.
func Scratch(ctx context.Context, layers *layer.Maker) (layer.Layer, error) {
	return layers.New(ctx, baseLayer, scratch())
}

// Proxy makes the layer of a static proxy.
func Proxy(ctx context.Context, layers *layer.Maker, program []byte) (layer.Layer, error) {
	return layers.New(ctx, proxyLayer, []layer.File{layer.Regular(proxyPath, 0o755, program)})
}
