// Package layer makes image layers from files. The same files give the same bytes on every machine: a canonical tar
// (tar.go), compressed by package blockgzip.
//
//	maker := layer.NewMaker(epoch, store)
//	proxy, err := maker.New(ctx, "proxy", files)
//	layers, err := maker.Make(ctx, layer.Recipe{Key: cache.Key(inputs...), Parts: install})
//
// The cache finds a layer by its inputs, and keeps its digests and sizes beside its bytes. A layer in the cache is not
// made again, and is read only if its bytes are asked for.
package layer

import (
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
)

// Layer is a finished layer with the name it has in the image's history and in the size record. Its bytes are looked up
// when they are read, and made again where the cache has lost them.
type Layer struct {
	v1.Layer
	Name       string
	DockerSize int64           // bytes, as [content.DockerSize] counts
	TarSize    int64           // bytes of the layer before it is compressed
	Entries    []content.Entry // without hashes and programs
}

// LayerName returns the layer's name. It saves a look into the image's history.
func (l Layer) LayerName() string { return l.Name }

// Weight returns the layer's sizes. It saves unpacking the layer.
func (l Layer) Weight() (dockerSize, tarSize int64) { return l.DockerSize, l.TarSize }

// Exists says that the layer is there, so that nobody has to open it to find out.
func (Layer) Exists() (bool, error) { return true, nil }

// facts describe a layer in the cache, beside its bytes.
type facts struct {
	Name    string          `json:"name"`
	DiffID  v1.Hash         `json:"diff_id"`
	Digest  v1.Hash         `json:"digest"`
	Size    int64           `json:"size"`
	TarSize int64           `json:"tar_size"`
	Entries []content.Entry `json:"entries"`
}

func (f facts) layer(open func() (io.ReadCloser, error)) Layer {
	return Layer{Layer: &blob{f, open}, Name: f.Name, DockerSize: content.DockerSize(f.Entries), TarSize: f.TarSize, Entries: f.Entries}
}

// blob is a layer as it is stored and sent: gzipped.
type blob struct {
	facts facts
	open  func() (io.ReadCloser, error)
}

func (b *blob) Digest() (v1.Hash, error)            { return b.facts.Digest, nil }
func (b *blob) DiffID() (v1.Hash, error)            { return b.facts.DiffID, nil }
func (b *blob) Size() (int64, error)                { return b.facts.Size, nil }
func (b *blob) MediaType() (types.MediaType, error) { return types.OCILayer, nil }

// Compressed returns the bytes, which are looked up with the first read: many ask for them and find then that they have
// them already.
func (b *blob) Compressed() (io.ReadCloser, error) { return &late{open: b.open}, nil }

func (b *blob) Uncompressed() (io.ReadCloser, error) {
	content, err := b.open()
	if err != nil {
		return nil, err
	}
	return unzip(content)
}

// late opens with its first read.
type late struct {
	open    func() (io.ReadCloser, error)
	content io.ReadCloser
}

func (l *late) Read(p []byte) (int, error) {
	if l.content == nil {
		content, err := l.open()
		if err != nil {
			return 0, err
		}
		l.content = content
	}
	return l.content.Read(p)
}

func (l *late) Close() error {
	if l.content == nil {
		return nil
	}
	return l.content.Close()
}

// unzipped reads the content of a gzip stream, and closes the stream.
type unzipped struct {
	*gzip.Reader
	content io.Closer
}

func unzip(content io.ReadCloser) (io.ReadCloser, error) {
	reader, err := gzip.NewReader(content)
	if err != nil {
		_ = content.Close() // it was only read
		return nil, err
	}
	return &unzipped{reader, content}, nil
}

func (u *unzipped) Close() error { return u.content.Close() }
