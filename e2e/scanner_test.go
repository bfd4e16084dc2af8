package e2e

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// TestScanner has syft list the images, as a scan for known vulnerabilities does. It must find every Alpine package,
// and the proxy with its module and its version of Go.
func TestScanner(t *testing.T) {
	syft := os.Getenv("MKIMAGE_TEST_SYFT")
	if syft == "" {
		t.Skip("MKIMAGE_TEST_SYFT is not set; ci/test --long builds syft")
	}
	for _, image := range []string{"bash", "python", "ruby"} {
		t.Run(image, func(t *testing.T) {
			if os.Getenv("MKIMAGE_ALPINE_MIRROR") == "" {
				t.Skip("no Alpine packages: MKIMAGE_ALPINE_MIRROR is not set")
			}
			archive := filepath.Join(t.TempDir(), "image.tar")
			mkimage(t, "build", image, "--platform", "linux/amd64", "-o", "type=docker,dest="+archive)
			found := scan(t, syft, archive)
			want := installed(t, archive)
			if diff := cmp.Diff(want, found["apk"]); diff != "" || len(want) < 10 {
				t.Errorf("%d packages in the database; what is found differs: %s", len(want), diff)
			}
			programs := found["go-module"]
			if _, ok := programs["github.com/sciabarracom/openwhisk-runtime-go"]; !ok || !strings.HasPrefix(programs["stdlib"], "go1.") {
				t.Errorf("the proxy is not found: %v", programs)
			}
		})
	}
}

// scan returns the versions of what syft finds in a docker archive, by type and name.
func scan(t *testing.T, syft, archive string) map[string]map[string]string {
	t.Helper()
	t.Setenv("SYFT_CHECK_FOR_APP_UPDATE", "false") // the scanner asks nobody
	t.Setenv("SYFT_CACHE_DIR", t.TempDir())
	var document struct {
		Artifacts []struct{ Name, Version, Type string }
		Distro    struct{ ID, VersionID string }
	}
	text := output(t, "", syft, "scan", "docker-archive:"+archive, "-o", "json", "-q")
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	if release := strings.TrimPrefix(os.Getenv("MKIMAGE_ALPINE_RELEASE"), "v"); document.Distro.ID != "alpine" || !strings.HasPrefix(document.Distro.VersionID, release) {
		t.Errorf("the system is taken for %+v", document.Distro)
	}
	found := map[string]map[string]string{}
	for _, artifact := range document.Artifacts {
		if found[artifact.Type] == nil {
			found[artifact.Type] = map[string]string{}
		}
		found[artifact.Type][artifact.Name] = artifact.Version
	}
	t.Logf("found %d Alpine packages, and %v", len(found["apk"]), slices.Sorted(maps.Keys(found)))
	return found
}

// installed returns the versions of the packages in an image's database, by name.
func installed(t *testing.T, archive string) map[string]string {
	t.Helper()
	image, err := tarball.ImageFromPath(archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	files := mutate.Extract(image)
	defer files.Close()
	for entries := tar.NewReader(files); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			t.Fatal("the image has no lib/apk/db/installed")
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Name != "lib/apk/db/installed" {
			continue
		}
		database, err := io.ReadAll(entries)
		if err != nil {
			t.Fatal(err)
		}
		versions, name := map[string]string{}, ""
		for line := range strings.Lines(string(database)) {
			field, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			switch field {
			case "P":
				name = value
			case "V":
				versions[name] = value
			}
		}
		return versions
	}
}
