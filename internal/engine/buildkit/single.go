package buildkit

import (
	"encoding/json"

	"github.com/google/go-containerregistry/pkg/v1/types"
	digest "github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// single is a finished layer as an image of its own: BuildKit takes layers in this form. The same layer is always the
// same image, so that steps on it are found in caches.
type single struct {
	layer.Layer
	sum              digest.Digest // of the layer
	size             int64
	config, manifest []byte
}

func newSingle(l layer.Layer, platform images.Platform) (*single, error) {
	sum, err := l.Digest()
	if err != nil {
		return nil, err
	}
	diffID, err := l.DiffID()
	if err != nil {
		return nil, err
	}
	mediaType, err := l.MediaType()
	if err != nil {
		return nil, err
	}
	s := &single{Layer: l, sum: digest.Digest(sum.String())}
	if s.size, err = l.Size(); err != nil {
		return nil, err
	}
	// Without the type "layers" BuildKit knows the image by the manifest alone. With it, a builder takes a layer of the same
	// diff ID that it has from a mkimage with another compressor (source/containerimage/pull.go, cacheKeyFromConfig).
	s.config, err = json.Marshal(ocispec.Image{
		Platform: engine.Platform(platform),
		RootFS:   ocispec.RootFS{DiffIDs: []digest.Digest{digest.Digest(diffID.String())}},
	})
	if err != nil {
		return nil, err
	}
	s.manifest, err = json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    ocispec.Descriptor{MediaType: ocispec.MediaTypeImageConfig, Digest: digest.FromBytes(s.config), Size: int64(len(s.config))},
		Layers:    []ocispec.Descriptor{{MediaType: string(mediaType), Digest: s.sum, Size: s.size}},
	})
	return s, err
}

// digest returns the digest of the image's manifest.
func (s *single) digest() digest.Digest { return digest.FromBytes(s.manifest) }

// document is a manifest, as go-containerregistry puts it.
type document []byte

func (d document) RawManifest() ([]byte, error)        { return d, nil }
func (d document) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
