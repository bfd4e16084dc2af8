package embedded

import (
	"bytes"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// image is what go-containerregistry needs to make an image of documents that are written already.
type image struct {
	config, manifest []byte
	layers           map[v1.Hash]partial.CompressedLayer
}

func (i *image) RawConfigFile() ([]byte, error)      { return i.config, nil }
func (i *image) RawManifest() ([]byte, error)        { return i.manifest, nil }
func (i *image) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

func (i *image) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	if layer, ok := i.layers[digest]; ok {
		return layer, nil
	}
	return nil, fmt.Errorf("no layer %s in the image", digest)
}

// index is an index of documents that are written already.
type index struct {
	manifest []byte
	images   map[v1.Hash]v1.Image
}

func (x *index) MediaType() (types.MediaType, error) { return types.OCIImageIndex, nil }
func (x *index) RawManifest() ([]byte, error)        { return x.manifest, nil }
func (x *index) Digest() (v1.Hash, error)            { return partial.Digest(x) }
func (x *index) Size() (int64, error)                { return partial.Size(x) }

func (x *index) IndexManifest() (*v1.IndexManifest, error) {
	return v1.ParseIndexManifest(bytes.NewReader(x.manifest))
}

func (x *index) Image(digest v1.Hash) (v1.Image, error) {
	if image, ok := x.images[digest]; ok {
		return image, nil
	}
	return nil, fmt.Errorf("no image %s in the index", digest)
}

func (x *index) ImageIndex(digest v1.Hash) (v1.ImageIndex, error) {
	return nil, fmt.Errorf("no index %s in the index", digest)
}
