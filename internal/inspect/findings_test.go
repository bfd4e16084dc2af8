package inspect

import (
	"archive/tar"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/goparts"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// sample is an image of two layers, the upper of which hides a file and removes another.
func sample() Anatomy {
	file := func(path, hash string, size, mode int64, owner int) content.Entry {
		return content.Entry{Path: path, Type: tar.TypeReg, Mode: mode, Size: size, SHA256: hash, UID: owner, GID: owner}
	}
	program := file("bin/proxy", "p", 100, 0o755, 0)
	program.Parts = []goparts.Part{{Name: "runtime", Go: true, Bytes: 60}, {Name: "line tables", Bytes: 40}}
	lower := []content.Entry{
		{Path: "tmp", Type: tar.TypeDir, Mode: 0o1777}, {Path: "srv", Type: tar.TypeDir, Mode: 0o777},
		file("bin/su", "s", 30, 0o4755, 0), file("etc/conf", "c", 20, 0o644, 0), file("etc/gone", "g", 10, 0o644, 0), file("lib/a", "a", 5, 0o644, 0),
		{Path: "lib/b", Type: tar.TypeLink, Link: "lib/a"}, {Path: "lib/c", Type: tar.TypeSymlink, Link: "a"}, {Path: "lib/d", Type: tar.TypeSymlink, Link: "a"},
		{Path: "dev/null", Type: tar.TypeChar, Mode: 0o666},
	}
	shadow := file("lib/e", "e", 4, 0o640, 42) // of a user and a group with names, and twice in its package
	lower = append(lower, shadow, file("lib/f", "e", 4, 0o644, 0))
	upper := []content.Entry{
		file("etc/conf", "c2", 21, 0o666, 65532), file("etc/.wh.gone", "", 0, 0, 0), file("usr/a", "a", 5, 0o644, 7), program,
	}
	return Anatomy{
		Image: content.Image{
			Names: []string{"base", "top"}, Layers: []content.Layer{{Entries: lower}, {Entries: upper}},
			Files: []content.File{{Entry: program, Layer: 1}, {Entry: lower[2]}, {Entry: upper[0], Layer: 1}, {Entry: lower[5]}, {Entry: shadow}, {Entry: lower[11]}, {Entry: upper[2], Layer: 1}},
			Texts: map[string][]byte{content.UsersPath: []byte("root:x:0:0::/root:/bin/sh\nwww:x:42:42\n:\n"), content.GroupsPath: []byte("shadow:x:42:\n")},
		},
		Installed: []apkfs.Installed{{Name: "su", Version: "1-r0"}},
		owner:     map[string]int{"bin/su": 0, "lib/e": 0, "lib/f": 0},
	}
}

func TestFindings(t *testing.T) {
	want := Findings{
		WastedBytes: 35,
		Hidden:      []Hidden{{"etc/conf", "base", 20}, {"etc/gone", "base", 10}},
		Duplicates:  []Duplicate{{5, []string{"base:lib/a", "top:usr/a"}}},
		Setuid:      []Owned{{"bin/su", "base", "4755", "0:0", ""}},
		Odd: []Owned{
			{"dev/null", "base", "0666", "0:0", "a device or a pipe"},
			{"etc/conf", "top", "0666", "65532:65532", "anybody may write it"},
			{"srv", "base", "0777", "0:0", "anybody may replace files in it"},
			{"usr/a", "top", "0644", "7:7", "no user has its owner's number; no group has its group's number"},
		},
	}
	if diff := cmp.Diff(want, sample().Findings("65532:65532")); diff != "" {
		t.Error(diff)
	}
}

// TestTree holds that every byte that counts is in one box: hidden files, and the targets of symbolic links, too.
func TestTree(t *testing.T) {
	box := func(name string, kind sizes.Kind, size int64, boxes ...sizes.Box) sizes.Box {
		return sizes.Box{Name: name, Kind: kind, Size: size, Boxes: boxes}
	}
	want := box("x", sizes.KindImage, 201,
		box("top", sizes.KindLayer, 126,
			box("bin/proxy", sizes.KindFile, 100, box("runtime", sizes.KindGo, 60), box("line tables", sizes.KindPart, 40)),
			box("etc/conf", sizes.KindFile, 21), box("usr/a", sizes.KindFile, 5)),
		box("base", sizes.KindLayer, 75,
			box("su 1-r0", sizes.KindPackage, 38, box("bin/su", sizes.KindFile, 30), box("lib/e", sizes.KindFile, 4), box("lib/f", sizes.KindFile, 4)),
			box("etc/conf", sizes.KindHidden, 20), box("etc/gone", sizes.KindHidden, 10), box("lib/a", sizes.KindFile, 5), box("2 symbolic links", sizes.KindLinks, 2)))
	got := *sample().Contents("x").Tree
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var docker int64
	for _, layer := range sample().Layers {
		docker += content.DockerSize(layer.Entries)
	}
	for n := range 12 {
		if few := got.Largest(n); few.Check() != nil || few.Size != docker {
			t.Errorf("the largest %d: %v, %d bytes, want %d", n, few.Check(), few.Size, docker)
		}
	}
}
