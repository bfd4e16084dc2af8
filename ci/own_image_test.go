package ci_test

import (
	"archive/tar"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// TestOwnImage runs the job that pushes mkimage's own image, with archives whose program tells how it was called.
func TestOwnImage(t *testing.T) {
	definitions, err := images.Load(images.Dir("image"), nil, "image/mkimage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, folder := range []string{"ci/image", "dist/release"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, platform := range definitions[0].Platforms {
		archiveOf(t, filepath.Join(dir, "dist/release/mkimage_1.0.0_linux_"+platform.Architecture()+".tar.gz"), "#!/bin/sh\necho \"$MKIMAGE_REPO\" \"$@\" >called\n")
	}
	var file struct {
		Image struct {
			Variables map[string]string `yaml:"variables"`
			Script    []string          `yaml:"script"`
		} `yaml:"image"`
	}
	readYAML(t, "gitlab/release.yml", &file)
	given := map[string]string{"CI_COMMIT_TAG": "v1.0.0", "CI_REGISTRY_IMAGE": "registry.example.org/mine"}
	command := exec.CommandContext(t.Context(), "bash", "-eo", "pipefail", "-c", strings.Join(file.Image.Script, "\n"))
	command.Dir, command.Env = dir, append(os.Environ(), "CI_COMMIT_TAG=v1.0.0")
	for name, value := range file.Image.Variables {
		command.Env = append(command.Env, name+"="+os.Expand(value, func(other string) string { return given[other] }))
	}
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	called, err := os.ReadFile(filepath.Join(dir, "called"))
	if want := "registry.example.org/mine build ci/image/mkimage.yaml --push --tag v1.0.0\n"; err != nil || string(called) != want {
		t.Errorf("%v, called with %q, want %q", err, called, want)
	}
	for _, source := range definitions[0].Sources() {
		if _, err := os.Stat(filepath.Join(dir, "ci/image", source)); err != nil {
			t.Error(err)
		}
	}
}

// archiveOf writes an archive of a release with a program.
func archiveOf(t *testing.T, name, program string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zipped := gzip.NewWriter(file)
	archive := tar.NewWriter(zipped)
	if err := archive.WriteHeader(&tar.Header{Name: "mkimage", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write([]byte(program)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
}
