package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestLayout(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "out", "scratch")
	for range 2 { // the second one replaces the first
		index := sample(t, "linux/amd64", "linux/arm64")
		result := write(t, Output{Type: OCI, Dest: dest}, index)
		if want := "scratch@" + digest(t, index).String(); result.Reference != want {
			t.Errorf("reference %s, want %s", result.Reference, want)
		}
		path, err := layout.FromPath(dest)
		if err != nil {
			t.Fatal(err)
		}
		outer, err := path.ImageIndex()
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := outer.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest != digest(t, index) || manifest.Manifests[0].Annotations[ocispec.AnnotationRefName] != "latest" {
			t.Errorf("index.json names %+v", manifest.Manifests)
		}
		blobs, err := os.ReadDir(filepath.Join(dest, "blobs", "sha256"))
		if err != nil {
			t.Fatal(err)
		}
		if want := 1 + 2*(2+1); len(blobs) != want { // an index; for each platform a manifest, a config and one layer
			t.Errorf("%d blobs, want %d", len(blobs), want)
		}
	}
}

// TestLayoutKeepsWhatIsThere holds that an unchanged image is not written again, that of a changed one only the new
// blobs are, and that damaged blobs are written anew.
func TestLayoutKeepsWhatIsThere(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "scratch")
	both := sample(t, "linux/amd64", "linux/arm64")
	write(t, Output{Type: OCI, Dest: dest}, both)
	manifest, err := both.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	one := manifest.Manifests[0]
	before, folder := stat(t, blobFile(dest, one.Digest)), stat(t, dest)

	write(t, Output{Type: OCI, Dest: dest}, both)
	if !os.SameFile(folder, stat(t, dest)) {
		t.Error("the same layout was written again")
	}
	fewer := mutate.RemoveManifests(both, match.Digests(manifest.Manifests[1].Digest))
	write(t, Output{Type: OCI, Dest: dest}, fewer)
	if os.SameFile(folder, stat(t, dest)) || !os.SameFile(before, stat(t, blobFile(dest, one.Digest))) {
		t.Error("of another layout, a blob was written that was there")
	}

	if err := os.WriteFile(blobFile(dest, one.Digest), make([]byte, one.Size), 0o666); err != nil {
		t.Fatal(err)
	}
	write(t, Output{Type: OCI, Dest: dest}, fewer)
	if !intact(dest, one) {
		t.Error("a broken blob was kept")
	}
}

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	found, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestLayoutLeavesFoldersOfTheUserAlone(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, dir string)
	}{
		{"a folder of files", func(t *testing.T, dir string) { writeFile(t, dir+"/notes.txt", "mine") }},
		{"a layout that another tool made", func(t *testing.T, dir string) {
			if _, err := layout.Write(dir, sample(t, "linux/amd64")); err != nil {
				t.Fatal(err)
			}
		}},
		{"our layout with a file beside it", func(t *testing.T, dir string) {
			write(t, Output{Type: OCI, Dest: dir}, sample(t, "linux/amd64"))
			writeFile(t, dir+"/notes.txt", "mine")
		}},
		{"our layout with another image in it", func(t *testing.T, dir string) {
			write(t, Output{Type: OCI, Dest: dir}, sample(t, "linux/amd64"))
			if err := layout.Path(dir).AppendIndex(sample(t, "linux/amd64")); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dest := filepath.Join(t.TempDir(), "scratch")
			test.make(t, dest)
			before := listing(t, dest)
			_, err := writeTo(t.Context(), Output{Type: OCI, Dest: dest}, "scratch", sample(t, "linux/amd64"))
			if err == nil || !strings.Contains(err.Error(), "was not made by mkimage") {
				t.Errorf("got %v", err)
			}
			if after := listing(t, dest); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
}

func TestInterruptedWriteLeavesTheFormerOne(t *testing.T) {
	for _, output := range []Output{{Type: OCI, Dest: "scratch"}, {Type: Docker, Dest: "scratch.tar"}} {
		t.Run(string(output.Type), func(t *testing.T) {
			parent := t.TempDir()
			output.Dest = filepath.Join(parent, output.Dest)
			write(t, output, sample(t, "linux/"+runtime.GOARCH))
			before := listing(t, parent)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := writeTo(ctx, output, "scratch", sample(t, "linux/"+runtime.GOARCH)); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want canceled", err)
			}
			if after := listing(t, parent); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
}

func TestUnwritableDestination(t *testing.T) {
	parent := t.TempDir()
	writeFile(t, parent+"/file", "")
	for _, output := range []Output{{Type: OCI, Dest: parent + "/file/x"}, {Type: Docker, Dest: parent + "/file/x"}} {
		_, err := writeTo(t.Context(), output, "scratch", sample(t, "linux/"+runtime.GOARCH))
		want := "write " + output.Dest + ": not a directory: choose another dest"
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", output.Type, err, want)
		}
	}
}

// listing tells every file below dir with its content.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var text strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		fmt.Fprintf(&text, "%s %x\n", path, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
