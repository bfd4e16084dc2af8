// Package plan decides everything about an image on a platform: its config, its annotations and its ordered layers.
//
// Layers go from the least to the most often changed (base, proxy), so that images share blobs. A plan holds nothing
// that changes while the content does not: no revision, no time of build.
package plan

import (
	"fmt"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
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
	Proxies map[images.Platform][]byte // the static proxy, by platform
	Epoch   time.Time                  // modification time of every file and creation time of the image
	Cache   cache.Dir                  // keeps compressed layers
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
		program, ok := in.Proxies[platform]
		if !ok {
			return nil, fmt.Errorf("image %s: no proxy for %s", def.Name, platform)
		}
		proxy, err := layer.New("proxy", []layer.File{layer.Regular(proxyPath, 0o755, program)}, in.Epoch, in.Cache)
		if err != nil {
			return nil, fmt.Errorf("image %s for %s: %w", def.Name, platform, err)
		}
		plans = append(plans, Image{
			Name:        def.Name,
			Platform:    platform,
			Config:      config,
			Created:     in.Epoch.UTC(),
			Layers:      []layer.Layer{base, proxy},
			Annotations: annotations(def),
			Budget:      def.Budget,
		})
	}
	return plans, nil
}

// supported refuses what the format has words for, but this version cannot build.
func supported(def images.Definition) error {
	const builds = "is not supported by this version of mkimage, which builds base scratch with the proxy alone"
	switch {
	case def.Base != images.Scratch:
		return fmt.Errorf("base %s %s", def.Base, builds)
	case len(def.Stemcells) > 0:
		return fmt.Errorf("stemcell %s %s", def.Stemcells[0], builds)
	case def.Action != "":
		return fmt.Errorf("action %s %s", def.Action, builds)
	}
	return nil
}
