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

	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
)

// disk keeps the blobs of builders, documents and layers, by content. Processes share a folder: finished blobs are
// renamed into place, and each process writes in its own folder, since containerd's store takes every unfinished file
// for its own.
type disk struct {
	content.Store
	dir     string // where the folder blobs is
	discard func()
}

func openDisk(dir string) (*disk, error) {
	d, err := newDisk(dir)
	if err != nil {
		return nil, fmt.Errorf("make a folder for the builders' blobs: %w", err)
	}
	return d, nil
}

func newDisk(dir string) (*disk, error) {
	parent := dir
	if parent == "" {
		parent = os.TempDir()
	}
	own, discard, err := atomicfile.Private(parent)
	if err != nil {
		return nil, err
	}
	d := &disk{dir: own, discard: discard}
	if dir != "" {
		err = d.share(dir)
	}
	log.L.Logger.SetOutput(io.Discard) // containerd's packages log the errors that they return
	if err == nil {
		d.Store, err = local.NewStore(own)
	}
	if err != nil {
		discard()
		return nil, err
	}
	return d, nil
}

// share links the shared folder's blobs into the process's own. On a file system without symbolic links, nothing is
// kept.
func (d *disk) share(dir string) error {
	shared, err := filepath.Abs(filepath.Join(dir, "blobs"))
	if err == nil {
		err = os.MkdirAll(shared, 0o777)
	}
	if err != nil {
		return err
	}
	sweep(filepath.Join(dir, "ingest")) // older versions wrote there
	sweep(filepath.Join(shared, "sha256"))
	if os.Symlink(shared, filepath.Join(d.dir, "blobs")) == nil {
		d.dir = dir
	}
	return nil
}

// maxAge is how long a blob is kept. A missing one is sent again.
const maxAge = 30 * 24 * time.Hour

// sweep removes old files from a folder. Failures do no harm.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if found, err := entry.Info(); err == nil && time.Since(found.ModTime()) > maxAge {
			_ = os.RemoveAll(filepath.Join(dir, entry.Name()))
		}
	}
}
