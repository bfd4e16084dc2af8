package publish

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestArchive(t *testing.T) {
	index := sample(t, "linux/s390x", "linux/"+runtime.GOARCH)
	tests := []struct{ ref, tag string }{
		{"", "scratch:latest"},
		{"mine", "mine:latest"},
		{"localhost:5000/mine", "localhost:5000/mine:latest"},
		{"me/{name}:dev", "me/scratch:dev"},
	}
	for _, test := range tests {
		t.Run(test.tag, func(t *testing.T) {
			dest := filepath.Join(t.TempDir(), "scratch.tar")
			result := write(t, Output{Type: Docker, Dest: dest, Ref: test.ref}, index)
			if result.Platform != "linux/"+runtime.GOARCH {
				t.Errorf("platform %s", result.Platform)
			}
			tag, err := name.NewTag(test.tag)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tarball.ImageFromPath(dest, &tag); err != nil {
				t.Error(err)
			}
			manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(dest) })
			if err != nil {
				t.Fatal(err)
			}
			if got := manifest[0].RepoTags; len(got) != 1 || got[0] != test.tag {
				t.Errorf("tags %v, want %s", got, test.tag)
			}
			again := filepath.Join(t.TempDir(), "again.tar")
			write(t, Output{Type: Docker, Dest: again, Ref: test.ref}, index)
			if !bytes.Equal(readFile(t, dest), readFile(t, again)) {
				t.Error("the same image gave other bytes")
			}
		})
	}
}

func TestArchiveNeedsThisMachinesPlatform(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "scratch.tar")
	write(t, Output{Type: Docker, Dest: dest}, sample(t, "linux/s390x")) // the only one is no question
	_, err := writeTo(t.Context(), Output{Type: Docker, Dest: dest}, "scratch", sample(t, "linux/s390x", "linux/ppc64le"))
	if err == nil || !strings.Contains(err.Error(), "or for one platform alone, with mkimage build --platform") {
		t.Errorf("got %v", err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
