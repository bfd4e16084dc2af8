package buildkit

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/log"
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
	sweep(filepath.Join(d.dir, "blobs", "sha256"))
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

// maxAge is how long something is kept: a builder sends it again when it is asked for.
const maxAge = 30 * 24 * time.Hour

// sweep removes what is older. What cannot be removed does no harm.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if found, err := entry.Info(); err == nil && time.Since(found.ModTime()) > maxAge {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
