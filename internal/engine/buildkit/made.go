package buildkit

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// blob is a compressed layer that a builder made. It is what go-containerregistry makes a layer of.
type blob struct {
	file string
	at   ocispec.Descriptor
}

func (b *blob) Digest() (v1.Hash, error)            { return v1.NewHash(b.at.Digest.String()) }
func (b *blob) MediaType() (types.MediaType, error) { return types.MediaType(b.at.MediaType), nil }
func (b *blob) Size() (int64, error)                { return b.at.Size, nil }
func (b *blob) Compressed() (io.ReadCloser, error)  { return os.Open(b.file) }

// layer returns a layer that a builder has sent, weighed as the package layer weighs those that are made here.
func (d *disk) layer(name string, at ocispec.Descriptor) (layer.Layer, error) {
	if err := at.Digest.Validate(); err != nil {
		return layer.Layer{}, fmt.Errorf("the builder sent the digest %q: %w", at.Digest, err)
	}
	made, err := partial.CompressedToLayer(&blob{filepath.Join(d.dir, "blobs", at.Digest.Algorithm().String(), at.Digest.Encoded()), at})
	if err != nil {
		return layer.Layer{}, err
	}
	weighed := layer.Layer{Layer: made, Name: name, Names: map[string]string{}}
	stream, err := made.Uncompressed()
	if err != nil {
		return layer.Layer{}, err
	}
	defer stream.Close()
	counted := &counter{Reader: stream}
	for archive := tar.NewReader(counted); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return layer.Layer{}, fmt.Errorf("read what the builder sent: %w", err)
		}
		target := ""
		switch header.Typeflag {
		case tar.TypeReg:
			weighed.DockerSize += header.Size
		case tar.TypeSymlink:
			target = header.Linkname
			weighed.DockerSize += int64(len(target))
		}
		weighed.Names[layer.CleanName(header.Name)] = target
	}
	_, err = io.Copy(io.Discard, counted) // what stands after the end of the archive
	weighed.TarSize = counted.n
	return weighed, err
}

// counter counts the bytes that are read through it.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}
