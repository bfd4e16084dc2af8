package e2e

import (
	"archive/tar"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

var hostPlatform = v1.Platform{OS: "linux", Architecture: runtime.GOARCH}

// platformImage finds a platform's image in an OCI layout, which holds one index.
func platformImage(t *testing.T, dir string, platform v1.Platform) v1.Image {
	t.Helper()
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	nested, err := partial.FindIndexes(index, func(v1.Descriptor) bool { return true })
	if err != nil || len(nested) != 1 {
		t.Fatalf("layout holds %d indexes, want one (%v)", len(nested), err)
	}
	images, err := partial.FindImages(nested[0], match.Platforms(platform))
	if err != nil || len(images) != 1 {
		t.Fatalf("index holds %d images for %s, want one (%v)", len(images), platform, err)
	}
	return images[0]
}

// extractProgram writes a program of a platform's image, such as bin/proxy, to a file.
func extractProgram(t *testing.T, dir string, platform v1.Platform, name string) string {
	t.Helper()
	files := mutate.Extract(platformImage(t, dir, platform))
	defer files.Close()
	for archive := tar.NewReader(files); ; {
		header, err := archive.Next()
		if err != nil {
			t.Fatalf("no %s in the image for %s: %v", name, platform, err)
		}
		if strings.TrimPrefix(header.Name, "./") != name {
			continue
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), filepath.Base(name))
		testkit.WriteProgram(t, path, string(content))
		return path
	}
}

// TestDaemon hands the image to the engine itself.
func TestDaemon(t *testing.T) {
	t.Parallel()
	needEngine(t)
	name := imageName(t)
	mkimage(t, "build", "scratch", "-o", "type=daemon,ref="+name)
	i, _ := start(t, name, invoker...)
	i.init(t, read(t, built.v1))
	i.greets(t, "Mike")
}
