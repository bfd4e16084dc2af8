package apkfs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// real returns the mirror that the environment names, with genuine packages.
func real(t *testing.T) (*Source, string) {
	t.Helper()
	mirror, release := os.Getenv("MKIMAGE_ALPINE_MIRROR"), os.Getenv("MKIMAGE_ALPINE_RELEASE")
	if mirror == "" || release == "" {
		t.Skip("needs $MKIMAGE_ALPINE_MIRROR, with $MKIMAGE_ALPINE_RELEASE and $MKIMAGE_ALPINE_KEYS")
	}
	store, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	source, err := Open(mirror, filepath.SplitList(os.Getenv("MKIMAGE_ALPINE_KEYS")), store)
	if err != nil {
		t.Fatal(err)
	}
	return source, release
}

func TestGenuinePackages(t *testing.T) {
	source, release := real(t)
	w := World{Release: release, Platform: images.LinuxAMD64, Layers: []Layer{
		{Name: "base", Packages: []string{"musl", "busybox", "alpine-baselayout", "alpine-release", "ca-certificates-bundle"}},
		{Name: "stemcell-bash", Packages: []string{"bash", "jq"}, Trim: []string{"usr/lib/bash"}},
		{Name: "stemcell-ruby", Packages: []string{"ruby"}},
	}}
	pins, err := source.Resolve(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := source.Install(t.Context(), w, pins)
	if err != nil {
		t.Fatal(err)
	}
	for i, files := range tree.Layers {
		var size int64
		for _, file := range files {
			size += file.Size
			if i == 1 || strings.HasPrefix(file.Path, "etc/sh") {
				t.Log(i, file.Mode, file.UID, file.GID, file.Size, file.Path)
			}
		}
		t.Log(w.Layers[i].Name, len(files), size)
	}
	for _, p := range tree.Packages {
		t.Log(p.Layer, p.Pin, p.Signer, len(p.Files))
	}
	t.Log(tree.Trimmed)
	if !slices.ContainsFunc(tree.Layers[0], func(f layer.File) bool { return f.Path == "bin/ls" && f.Link == "/bin/busybox" }) {
		t.Error("no ls")
	}
	c, _ := (func() ([]byte, error) {
		for _, f := range tree.Layers[1] {
			if f.Path == database {
				r, _ := f.Open()
				b := make([]byte, f.Size)
				r.Read(b)
				return b, nil
			}
		}
		return nil, nil
	})()
	t.Log(string(c[:300]), string(c[len(c)-600:]))
}
