package embedded

import (
	"bytes"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// image is an image with finished documents. Its layers are the plan's, which know their sizes, and open their bytes
// only when they are read.
type image struct {
	config, manifest []byte
	layers           []layer.Layer
}

func (i *image) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
func (i *image) RawManifest() ([]byte, error)        { return i.manifest, nil }
func (i *image) Manifest() (*v1.Manifest, error)     { return partial.Manifest(i) }
func (i *image) Digest() (v1.Hash, error)            { return partial.Digest(i) }
func (i *image) Size() (int64, error)                { return partial.Size(i) }
func (i *image) RawConfigFile() ([]byte, error)      { return i.config, nil }
func (i *image) ConfigFile() (*v1.ConfigFile, error) { return partial.ConfigFile(i) }
func (i *image) ConfigName() (v1.Hash, error)        { return partial.ConfigName(i) }

func (i *image) Layers() ([]v1.Layer, error) {
	var layers []v1.Layer
	for _, l := range i.layers {
		layers = append(layers, l)
	}
	return layers, nil
}

func (i *image) LayerByDigest(digest v1.Hash) (v1.Layer, error) {
	if name, err := i.ConfigName(); err == nil && name == digest {
		return partial.ConfigLayer(i)
	}
	return i.find(digest, v1.Layer.Digest)
}

func (i *image) LayerByDiffID(diffID v1.Hash) (v1.Layer, error) {
	return i.find(diffID, v1.Layer.DiffID)
}

func (i *image) find(want v1.Hash, of func(v1.Layer) (v1.Hash, error)) (v1.Layer, error) {
	for _, l := range i.layers {
		if got, err := of(l); err == nil && got == want {
			return l, nil
		}
	}
	return nil, fmt.Errorf("no layer %s in the image", want)
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
