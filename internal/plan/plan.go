// Package plan decides everything about an image on a platform: its config, its annotations and its ordered layers.
package plan

import (
	"errors"
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
	Layers      []layer.Layer
	Annotations map[string]string
	Budget      images.Size // docker size that it must not exceed; 0 means no limit
}

// Inputs is what an image is made from beside its definition.
type Inputs struct {
	Proxies map[images.Platform][]byte // the static proxy, by platform
	Epoch   time.Time                  // modification time of every file and creation time of the image
	Cache   cache.Dir                  // compressed layers
}

// Make returns a plan for every platform of the definition, in its order.
func Make(def images.Definition, in Inputs) ([]Image, error) { return nil, errors.ErrUnsupported }
