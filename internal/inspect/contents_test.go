package inspect

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// first returns the first image of an index.
func first(t *testing.T, index v1.ImageIndex) v1.Image {
	t.Helper()
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	img, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestContents(t *testing.T) {
	img := first(t, bash(t))
	store, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want := sizes.Contents{
		Packages: []sizes.Package{{Name: "bash", Version: "5.2-r0", Layer: "stemcell-bash", DockerSize: 1060}, {Name: "musl", Version: "1.2.5-r9", Layer: "base", DockerSize: 700}},
		Files: []sizes.File{
			{Path: "bin/proxy", Layer: "proxy", Size: 2000},
			{Path: "bin/bash", Layer: "stemcell-bash", Package: "bash", Size: 1000},
			{Path: "lib/ld-musl.so", Layer: "base", Package: "musl", Size: 700},
			{Path: "lib/apk/db/installed", Layer: "stemcell-bash", Size: int64(len(database))},
			{Path: "bin/sh", Layer: "stemcell-bash", Package: "bash", Size: 60},
			{Path: "etc/motd", Layer: "base", Size: 5},
		},
	}
	for _, when := range []string{"read", "known"} {
		got, err := Contents(img, store)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.Tree.Check(); err != nil || got.Tree.Size != 3906 {
			t.Errorf("%s: the tree has %d bytes: %v", when, got.Tree.Size, err)
		}
		got.Tree = nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
	}
}

// TestContentsWithoutWhatIsGone holds that files that a step has removed are not told.
func TestContentsWithoutWhatIsGone(t *testing.T) {
	gone := map[string]string{"bin/.wh.bash": "", "etc/.wh..wh..opq": "", "lib/.wh.apk": ""}
	index := image(t, []string{"base", "stemcell-bash", "proxy", "run-1"}, append(layers(), gone)...)
	img := first(t, index)
	want := sizes.Contents{Files: []sizes.File{ // without its database, nobody knows packages
		{Path: "bin/proxy", Layer: "proxy", Size: 2000},
		{Path: "lib/ld-musl.so", Layer: "base", Size: 700},
		{Path: "bin/sh", Layer: "stemcell-bash", Size: 60},
	}}
	got, err := Contents(img, cache.Dir{})
	if err != nil {
		t.Fatal(err)
	}
	if tree := got.Tree; tree.Check() != nil || tree.Size != 3906 { // gone files have their bytes still
		t.Errorf("the tree is %+v", tree)
	}
	got.Tree = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestContentsOfAnotherLayer has a config that calls its layers by wrong ids: nothing is kept under these.
func TestContentsOfAnotherLayer(t *testing.T) {
	img := first(t, bash(t))
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(ids []v1.Hash) []v1.Hash{
		"another id":     func(ids []v1.Hash) []v1.Hash { return append([]v1.Hash{ids[1]}, ids[1:]...) },
		"one too few":    func(ids []v1.Hash) []v1.Hash { return ids[1:] },
		"none of sha256": func(ids []v1.Hash) []v1.Hash { return append([]v1.Hash{{}}, ids[1:]...) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			store, err := cache.Open(folder)
			if err != nil {
				t.Fatal(err)
			}
			wrong := config.DeepCopy()
			wrong.RootFS.DiffIDs = change(slices.Clone(config.RootFS.DiffIDs))
			if _, err := Contents(lying{img, wrong}, store); err == nil {
				t.Error("it was taken")
			}
			if kept, err := filepath.Glob(filepath.Join(folder, "contents", "*")); err != nil || len(kept) > 0 {
				t.Errorf("kept: %v, %v", kept, err)
			}
		})
	}
}

// lying is an image with another's config.
type lying struct {
	v1.Image
	config *v1.ConfigFile
}

func (l lying) ConfigFile() (*v1.ConfigFile, error) { return l.config, nil }
