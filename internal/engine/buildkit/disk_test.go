package buildkit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	digest "github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// opened returns a disk over a folder, as each process has its own.
func opened(t *testing.T, dir string) *disk {
	t.Helper()
	d, err := openDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.discard)
	return d
}

// TestDisksShareAFolder holds that a file that several processes write at the same time is whole, and is there once.
func TestDisksShareAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "builder")
	text := bytes.Repeat([]byte("layer"), 1000)
	at := ocispec.Descriptor{Digest: digest.FromBytes(text), Size: int64(len(text))}
	var writers []content.Writer
	for range 4 { // all have begun before the first one ends
		w, err := opened(t, dir).Writer(t.Context(), content.WithRef("layer-"+at.Digest.String()), content.WithDescriptor(at))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text[:10]); err != nil {
			t.Fatal(err)
		}
		writers = append(writers, w)
	}
	var group sync.WaitGroup
	for _, w := range writers {
		group.Go(func() {
			if _, err := w.Write(text[10:]); err != nil {
				t.Error(err)
			}
			if err := w.Commit(t.Context(), at.Size, at.Digest); err != nil && !errdefs.IsAlreadyExists(err) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	last := opened(t, dir)
	if got, err := content.ReadBlob(t.Context(), last, at); err != nil || !bytes.Equal(got, text) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	if _, err := last.Writer(t.Context(), content.WithRef("again"), content.WithDescriptor(at)); !errdefs.IsAlreadyExists(err) {
		t.Errorf("written again: %v", err)
	}
}

// TestDiskLeavesNothing holds that unfinished files go with their process, and those of a killed one with the next
// process.
func TestDiskLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "builder")
	if err := os.MkdirAll(filepath.Join(dir, ".mkimage-tmp-killed", "ingest", "x"), 0o777); err != nil {
		t.Fatal(err)
	}
	d := opened(t, dir)
	if _, err := d.Writer(t.Context(), content.WithRef("begun")); err != nil {
		t.Fatal(err)
	}
	d.discard()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "blobs" {
		t.Errorf("left %v, %v", entries, err)
	}
	own := opened(t, "")
	if _, err := own.Writer(t.Context(), content.WithRef("begun")); err != nil {
		t.Fatal(err)
	}
	own.discard()
	if _, err := os.Stat(own.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", own.dir, err)
	}
}

func TestDiskThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := openDisk(filepath.Join(file, "builder")); err == nil || !strings.HasPrefix(err.Error(), "make a folder for the builders' blobs: ") {
		t.Errorf("got %v", err)
	}
}
