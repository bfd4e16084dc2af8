package e2e

import (
	"archive/tar"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
)

var (
	hostPlatform = v1.Platform{OS: "linux", Architecture: runtime.GOARCH}
	arm64        = v1.Platform{OS: "linux", Architecture: "arm64"}
)

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

// extractProxy writes the proxy of a platform's image to a file.
func extractProxy(t *testing.T, dir string, platform v1.Platform) string {
	t.Helper()
	files := mutate.Extract(platformImage(t, dir, platform))
	defer files.Close()
	for archive := tar.NewReader(files); ; {
		header, err := archive.Next()
		if err != nil {
			t.Fatalf("no /bin/proxy in the image for %s: %v", platform, err)
		}
		if strings.TrimPrefix(header.Name, "./") != "bin/proxy" {
			continue
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "proxy")
		if err := os.WriteFile(path, content, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
}

// TestDockerSize compares the size record with what docker images prints.
func TestDockerSize(t *testing.T) {
	needEngine(t)
	driver := docker(t, "info", "--format", "{{.Driver}}")
	if classic := []string{"overlay2", "vfs", "btrfs", "zfs", "fuse-overlayfs"}; !slices.Contains(classic, driver) {
		t.Skipf("the engine's image store %s adds up sizes in another way", driver)
	}
	name, dir := imageName(t), t.TempDir()
	archive, record := filepath.Join(dir, "scratch.tar"), filepath.Join(dir, "sizes.json")
	mkimage(t, "build", "scratch", "-o", "type=docker,dest="+archive+",ref="+name, "--size-record", record)
	docker(t, "load", "-i", archive)
	want, err := strconv.ParseInt(docker(t, "image", "inspect", "--format", "{{.Size}}", name), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	var sizes struct {
		Images []struct {
			Name, Platform string
			DockerSize     int64 `json:"docker_size"`
		}
	}
	if err := json.Unmarshal(read(t, record), &sizes); err != nil {
		t.Fatal(err)
	}
	for _, image := range sizes.Images {
		if image.Name == "scratch" && image.Platform == hostPlatform.String() {
			if image.DockerSize != want {
				t.Errorf("docker_size is %d in the record, %d in docker images", image.DockerSize, want)
			}
			return
		}
	}
	t.Errorf("no row for scratch on %s in %s", hostPlatform, read(t, record))
}

// TestDaemon hands the image to the engine itself.
func TestDaemon(t *testing.T) {
	needEngine(t)
	name := imageName(t)
	mkimage(t, "build", "scratch", "-o", "type=daemon,ref="+name)
	i, _ := start(t, name, invoker...)
	i.init(t, read(t, built.v1))
	i.greets(t, "Mike")
}

// TestSizeRecord builds the image anew and holds it against the checked-in size
// record, which was written on some other machine at some other time.
func TestSizeRecord(t *testing.T) {
	type row struct {
		Name, Platform, Digest string
		DockerSize             int64 `json:"docker_size"`
		CompressedSize         int64 `json:"compressed_size"`
	}
	scratch := func(path string) (rows []row) {
		var record struct{ Images []row }
		if err := json.Unmarshal(read(t, path), &record); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, r := range record.Images {
			if r.Name == "scratch" {
				rows = append(rows, r)
			}
		}
		return rows
	}
	_, dir := mkimage(t, "build", "scratch")
	got, want := scratch(filepath.Join(dir, "dist", "sizes.json")), scratch("../images/sizes.json")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("images/sizes.json is not what is built now; update it and the README with\n"+
			"  go run ./cmd/mkimage build scratch && go run ./cmd/mkimage sizes --update\n"+
			"  go test ./e2e -run TestReadmeSizes -update\n%s", diff)
	}
}
