package buildkit

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// blob is a compressed layer of a builder, from which go-containerregistry makes a layer.
type blob struct {
	file string
	at   ocispec.Descriptor
}

func (b *blob) Digest() (v1.Hash, error)            { return v1.NewHash(b.at.Digest.String()) }
func (b *blob) MediaType() (types.MediaType, error) { return types.MediaType(b.at.MediaType), nil }
func (b *blob) Size() (int64, error)                { return b.at.Size, nil }
func (b *blob) Compressed() (io.ReadCloser, error)  { return os.Open(b.file) }

// layer returns a layer that a builder has sent, and keeps its content in store.
func (d *disk) layer(name string, at ocispec.Descriptor, store cache.Dir) (layer.Layer, error) {
	if err := at.Digest.Validate(); err != nil {
		return layer.Layer{}, fmt.Errorf("the builder sent the digest %q: %w", at.Digest, err)
	}
	made, err := partial.CompressedToLayer(&blob{filepath.Join(d.dir, "blobs", at.Digest.Algorithm().String(), at.Digest.Encoded()), at})
	if err != nil {
		return layer.Layer{}, err
	}
	found, err := content.Of(made, store)
	if err != nil {
		return layer.Layer{}, fmt.Errorf("read a layer of the builder: %w", err)
	}
	return layer.Layer{
		Layer: made, Name: name, DockerSize: content.DockerSize(found.Entries), TarSize: found.TarSize, Entries: found.Entries,
	}, nil
}
