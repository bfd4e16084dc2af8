// Package plan decides everything about an image on a platform: its config, its annotations and its ordered layers.
//
// Layers go from the least to the most often changed (base, proxy, action), so that images share blobs. A plan holds nothing
// that changes while the content does not: no revision, no time of build.
package plan

import (
	"errors"
	"fmt"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
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
	Annotations map[string]string // of the manifest and of the index
	Budget      images.Size       // docker size that it must not exceed; 0 means no limit
}

// Inputs is what an image is made from beside its definition.
type Inputs struct {
	Proxies map[images.Platform][]byte       // the static proxy, by platform
	Actions map[images.Platform]action.Baked // what is baked in, by platform; nil where nothing is
	Epoch   time.Time                        // modification time of every file and creation time of the image
	Cache   cache.Dir                        // keeps compressed layers
}

// Make returns a plan for every platform of the definition, in its order.
func Make(def images.Definition, in Inputs) ([]Image, error) {
	if err := supported(def); err != nil {
		return nil, fmt.Errorf("image %s (%s): %w", def.Name, def.File, err)
	}
	config, err := config(def)
	if err != nil {
		return nil, fmt.Errorf("image %s (%s): %w", def.Name, def.File, err)
	}
	base, err := layer.New("base", scratch(), in.Epoch, in.Cache)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", def.Name, err)
	}
	var plans []Image
	for _, platform := range def.Platforms {
		if _, ok := in.Actions[platform]; def.Action != "" && !ok {
			return nil, fmt.Errorf("image %s for %s: no action", def.Name, platform)
		}
		tops, err := tops(platform, in)
		if err != nil {
			return nil, fmt.Errorf("image %s for %s: %w", def.Name, platform, err)
		}
		config := config
		if in.Actions[platform].Serves {
			config.Entrypoint = []string{"/" + actionPath}
		}
		plans = append(plans, Image{
			Name:        def.Name,
			Platform:    platform,
			Config:      config,
			Created:     in.Epoch.UTC(),
			Layers:      append([]layer.Layer{base}, tops...),
			Annotations: annotations(def),
			Budget:      def.Budget,
		})
	}
	return plans, nil
}

// tops returns the layers above base and stemcells: the proxy and the action. An action that serves /init and /run
// itself needs no proxy.
func tops(platform images.Platform, in Inputs) ([]layer.Layer, error) {
	var layers []layer.Layer
	baked, isBaked := in.Actions[platform]
	if !baked.Serves {
		program, ok := in.Proxies[platform]
		if !ok {
			return nil, errors.New("no proxy")
		}
		proxy, err := layer.New("proxy", []layer.File{layer.Regular(proxyPath, 0o755, program)}, in.Epoch, in.Cache)
		if err != nil {
			return nil, err
		}
		layers = append(layers, proxy)
	}
	if isBaked {
		own, err := layer.New("action", baked.Files, in.Epoch, in.Cache)
		if err != nil {
			return nil, err
		}
		layers = append(layers, own)
	}
	return layers, nil
}

// Below returns the names of the files that an image has below its action.
func Below(images.Definition) action.Tree { return action.NewTree(scratch()...) }

// supported refuses what the format has words for, but this version cannot build.
func supported(def images.Definition) error {
	const builds = "is not supported by this version of mkimage, which builds base scratch without stemcells"
	switch {
	case def.Base != images.Scratch:
		return fmt.Errorf("base %s %s", def.Base, builds)
	case len(def.Stemcells) > 0:
		return fmt.Errorf("stemcell %s %s", def.Stemcells[0], builds)
	}
	return nil
}
