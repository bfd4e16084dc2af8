package content

import (
	"archive/tar"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// file returns the entry of a file for [testkit.Layer].
func file(name, content string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Linkname: content}
}

// packed returns the bytes as each media type has them.
func packed(t testing.TB, bare []byte) map[types.MediaType][]byte {
	t.Helper()
	var zipped, z bytes.Buffer
	g := gzip.NewWriter(&zipped)
	zw, err := zstd.NewWriter(&z)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{g, zw} {
		if _, err := w.Write(bare); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return map[types.MediaType][]byte{types.OCILayer: zipped.Bytes(), types.OCILayerZStd: z.Bytes(), types.OCIUncompressedLayer: bare}
}

// counted is a layer that counts how often its bytes are asked for.
type counted struct {
	v1.Layer
	opened int
}

func (c *counted) Compressed() (io.ReadCloser, error) { c.opened++; return c.Layer.Compressed() }

func TestOf(t *testing.T) {
	bare := testkit.Layer(t,
		tar.Header{Name: "./bin/", Typeflag: tar.TypeDir, Mode: 0o755},
		file("bin/busybox", "\x7fELF but no program"),
		tar.Header{Name: "bin/sh", Typeflag: tar.TypeLink, Linkname: "bin/busybox"},
		tar.Header{Name: "/bin/ls", Typeflag: tar.TypeSymlink, Linkname: "busybox"},
		file("etc/apk/world", "musl\n"),
	)
	bare = append(bare, make([]byte, 1024)...) // more after the archive's end
	want := []Entry{
		{Path: "bin", Type: tar.TypeDir, Mode: 0o755},
		{Path: "bin/busybox", Type: tar.TypeReg, Mode: 0o644, Size: 19},
		{Path: "bin/sh", Type: tar.TypeLink, Link: "bin/busybox"},
		{Path: "bin/ls", Type: tar.TypeSymlink, Link: "busybox"},
		{Path: "etc/apk/world", Type: tar.TypeReg, Mode: 0o644, Size: 5},
	}
	for kind, stored := range packed(t, bare) {
		t.Run(string(kind), func(t *testing.T) {
			store, err := cache.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			l := &counted{Layer: static.NewLayer(stored, kind)}
			for range 2 {
				got, err := Of(l, store)
				if err != nil {
					t.Fatal(err)
				}
				got.Entries = slices.Clone(got.Entries) // they are the store's
				for i, e := range got.Entries {
					if hashed := e.Type == tar.TypeReg; hashed != (len(e.SHA1) == 40) || hashed != (len(e.SHA256) == 64) {
						t.Errorf("hashes of %+v", e)
					}
					got.Entries[i].SHA1, got.Entries[i].SHA256 = "", ""
				}
				if diff := cmp.Diff(want, got.Entries); diff != "" {
					t.Error(diff)
				}
				if size := DockerSize(got.Entries); size != 19+7+5 || got.TarSize != int64(len(bare)) {
					t.Errorf("docker size %d, tar size %d of %d", size, got.TarSize, len(bare))
				}
				if diff := cmp.Diff(map[string][]byte{WorldPath: []byte("musl\n")}, got.Texts); diff != "" {
					t.Error(diff)
				}
			}
			if l.opened != 1 {
				t.Errorf("its bytes were read %d times", l.opened)
			}
		})
	}
}

func TestBrokenLayers(t *testing.T) {
	whole := packed(t, testkit.Layer(t, file("a", "b")))[types.OCILayer]
	other, _, err := v1.SHA256(strings.NewReader("other"))
	if err != nil {
		t.Fatal(err)
	}
	for name, stored := range map[string][]byte{
		"other bytes": whole,
		"cut":         whole[:len(whole)/2],
		"more behind": append(slices.Clone(whole), "more"...),
		"no tar":      bytes.Repeat([]byte("x"), 1024),
		"gzip's head": whole[:2],
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			store, err := cache.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if found, err := Of(misnamed{digest: other, stored: stored}, store); err == nil {
				t.Errorf("taken: %+v", found)
			}
			if _, ok := store.Last(kind, key(other)); ok {
				t.Error("it is kept")
			}
		})
	}
}

// misnamed is a layer whose bytes have another digest.
type misnamed struct {
	v1.Layer
	digest v1.Hash
	stored []byte
}

func (m misnamed) Digest() (v1.Hash, error) { return m.digest, nil }
func (m misnamed) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(m.stored)), nil
}

// TestRead holds that an image has what its upper layers leave of the lower ones.
func TestRead(t *testing.T) {
	layers := [][]byte{
		testkit.Layer(t, file("etc/a", "1"), file("etc/b", "2"), file("usr/c", "3"), file("d", "4"), file(DatabasePath, "old")),
		testkit.Layer(t, file("etc/.wh.a", ""), file("usr/.wh..wh..opq", ""), file("usr/new", "5"), file("etc/b", "first"), file("etc/b", "second"),
			tar.Header{Name: "d", Typeflag: tar.TypeSymlink, Linkname: "e"}, file(DatabasePath, "new")),
	}
	img := v1.Image(empty.Image)
	for _, bare := range layers {
		var err error
		if img, err = mutate.AppendLayers(img, static.NewLayer(bare, types.OCIUncompressedLayer)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(img, cache.Dir{})
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, f := range got.Files {
		seen = append(seen, f.Path)
		if f.Layer != 1 || f.Path == "etc/b" && f.Size != int64(len("second")) {
			t.Errorf("%+v", f)
		}
	}
	if diff := cmp.Diff([]string{"etc/b", DatabasePath, "usr/new"}, seen); diff != "" {
		t.Error(diff)
	}
	if string(got.Texts[DatabasePath]) != "new" {
		t.Errorf("texts %q", got.Texts)
	}
	if diff := cmp.Diff([]string{"layer 1", "layer 2"}, got.Names); diff != "" {
		t.Error(diff)
	}
}

func FuzzScan(f *testing.F) {
	for _, stored := range packed(f, testkit.Layer(f, file("bin/a", "\x7fELF"), file(WorldPath, "musl"))) {
		f.Add(stored)
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		found, err := Scan(bytes.NewReader(stored))
		if err != nil {
			return
		}
		for _, e := range found.Entries {
			if strings.HasPrefix(e.Path, "/") || e.Size < 0 {
				t.Errorf("%+v", e)
			}
		}
	})
}
