package buildkit

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	digest "github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// offer is the store for the build of an image. The builder reads finished layers from it and writes its blobs to it;
// only those that this side lacks are kept.
type offer struct {
	content.Store // for the builder's blobs

	mutex     sync.Mutex
	documents map[digest.Digest][]byte
	layers    map[digest.Digest]*offered
}

// offered is a finished layer.
type offered struct {
	layer.Layer
	size int64
	once sync.Once
	read []byte // the whole layer, once the builder has asked for it
	err  error
	sent int64 // bytes that went to the builder; the offer's mutex guards it
}

func newOffer(behind content.Store) *offer {
	return &offer{Store: behind, documents: map[digest.Digest][]byte{}, layers: map[digest.Digest]*offered{}}
}

// add offers a layer as an image of its own.
func (o *offer) add(s *single) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.layers[s.sum] == nil {
		o.layers[s.sum] = &offered{Layer: s.Layer, size: s.size}
	}
	o.documents[digest.FromBytes(s.config)] = s.config
	o.documents[s.digest()] = s.manifest
}

// sent returns how many layers went to the builder, and their bytes.
func (o *offer) sent() (layers int, size int64) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for _, l := range o.layers {
		if l.sent > 0 {
			layers++
			size += l.sent
		}
	}
	return layers, size
}

func (o *offer) find(sum digest.Digest) ([]byte, *offered) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.documents[sum], o.layers[sum]
}

// Info implements [content.Store].
func (o *offer) Info(ctx context.Context, sum digest.Digest) (content.Info, error) {
	switch document, l := o.find(sum); {
	case document != nil:
		return content.Info{Digest: sum, Size: int64(len(document))}, nil
	case l != nil:
		return content.Info{Digest: sum, Size: l.size}, nil
	}
	return o.Store.Info(ctx, sum)
}

// ReaderAt implements [content.Store].
func (o *offer) ReaderAt(ctx context.Context, described ocispec.Descriptor) (content.ReaderAt, error) {
	document, l := o.find(described.Digest)
	switch {
	case document != nil:
		return reader{bytes.NewReader(document), func(int) {}}, nil
	case l == nil:
		return o.Store.ReaderAt(ctx, described)
	}
	l.once.Do(func() { l.read, l.err = readLayer(l.Layer) })
	if l.err != nil {
		return nil, l.err
	}
	return reader{bytes.NewReader(l.read), func(n int) {
		o.mutex.Lock()
		defer o.mutex.Unlock()
		l.sent += int64(n)
	}}, nil
}

// Writer implements [content.Store]. The builder need not write blobs of the offer.
func (o *offer) Writer(ctx context.Context, options ...content.WriterOpt) (content.Writer, error) {
	var wanted content.WriterOpts
	for _, option := range options {
		if err := option(&wanted); err != nil {
			return nil, err
		}
	}
	if _, l := o.find(wanted.Desc.Digest); l != nil {
		return nil, fmt.Errorf("layer %s: %w", l.Name, errdefs.ErrAlreadyExists)
	}
	return o.Store.Writer(ctx, options...)
}

func readLayer(l layer.Layer) ([]byte, error) {
	stream, err := l.Compressed()
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	return io.ReadAll(stream)
}

// reader is a [content.ReaderAt] that counts bytes.
type reader struct {
	*bytes.Reader
	tell func(int)
}

func (r reader) ReadAt(p []byte, offset int64) (int, error) {
	n, err := r.Reader.ReadAt(p, offset)
	r.tell(n)
	return n, err
}

func (r reader) Close() error { return nil }
