package buildkit

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/log"
	"github.com/google/go-containerregistry/pkg/v1/types"
	digest "github.com/opencontainers/go-digest"
)

// disk keeps, by content, what builders send back: documents, and the layers that they made.
type disk struct {
	content.Store
	dir    string
	remove bool // on close
}

func openDisk(dir string) (*disk, error) {
	d := &disk{dir: dir}
	var err error
	if dir == "" {
		d.remove = true
		if d.dir, err = os.MkdirTemp("", "mkimage-"); err != nil {
			return nil, fmt.Errorf("make a folder for what builders send: %w", err)
		}
	}
	if err := os.MkdirAll(d.dir, 0o777); err != nil {
		return nil, fmt.Errorf("make a folder for what builders send: %w", err)
	}
	log.L.Logger.SetOutput(io.Discard) // containerd's packages write to stderr what they return as errors too
	if d.Store, err = local.NewStore(d.dir); err != nil {
		return nil, fmt.Errorf("open the folder for what builders send: %w", err)
	}
	return d, nil
}

func (d *disk) close() error {
	if d.remove {
		return os.RemoveAll(d.dir)
	}
	return nil
}

// blob is a gzipped layer that is kept. It is what go-containerregistry makes a layer of.
type blob struct {
	file      string
	mediaType types.MediaType
	digest    digest.Digest
	size      int64
}

func (d *disk) blob(mediaType string, sum digest.Digest, size int64) *blob {
	file := filepath.Join(d.dir, "blobs", sum.Algorithm().String(), sum.Encoded())
	return &blob{file: file, mediaType: types.MediaType(mediaType), digest: sum, size: size}
}

func (b *blob) MediaType() (types.MediaType, error) { return b.mediaType, nil }
func (b *blob) Size() (int64, error)                { return b.size, nil }
func (b *blob) Compressed() (io.ReadCloser, error)  { return os.Open(b.file) }
