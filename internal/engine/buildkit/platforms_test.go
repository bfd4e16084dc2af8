package buildkit_test

import (
	"archive/tar"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
)

// layersOf returns the layers of all images of an index.
func layersOf(t *testing.T, index v1.ImageIndex) [][]v1.Layer {
	t.Helper()
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]v1.Layer
	for _, described := range manifest.Manifests {
		image, err := index.Image(described.Digest)
		if err != nil {
			t.Fatal(err)
		}
		layers, err := image.Layers()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, layers)
	}
	return all
}

// file returns what a layer has under a name, or "".
func file(t *testing.T, l v1.Layer, name string) string {
	t.Helper()
	stream, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for archive := tar.NewReader(stream); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return ""
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == name {
			content, err := io.ReadAll(archive)
			if err != nil {
				t.Fatal(err)
			}
			return string(content)
		}
	}
}

// TestBothPlatforms holds that the steps of each platform run on a machine of that kind, and that another builder makes
// the same layers.
func TestBothPlatforms(t *testing.T) {
	t.Parallel()
	daemontest.NeedEmulation(t)
	made := stepPlansFor(t, images.UsualPlatforms(), "x", time.Unix(0, 0), images.Step{Script: "uname -m > /etc/machine; cat /etc/apk/arch >> /etc/machine"})
	var digests []string
	for range 2 {
		own := daemontest.Start(t, t.TempDir()) // an empty one
		index, err := open(t, buildkit.Options{Builders: []string{own.Address}}).Build(t.Context(), made)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := index.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, digest.String())
		for i, layers := range layersOf(t, index) {
			want := []string{"x86_64\nx86_64\n", "aarch64\naarch64\n"}[i]
			if got := file(t, layers[1], "etc/machine"); got != want {
				t.Errorf("%s: the step wrote %q, want %q", images.UsualPlatforms()[i], got, want)
			}
		}
	}
	if digests[0] != digests[1] {
		t.Errorf("two builders, two digests: %v", digests)
	}
}

// six returns the names of six images; of two builders, none is the first of more than four of them.
func six() []string { return []string{"a", "b", "c", "d", "e", "f"} }

// TestNoSuchPlatform holds that the error says when no builder runs programs of a platform that has steps.
func TestNoSuchPlatform(t *testing.T) {
	t.Parallel()
	daemontest.NeedEmulation(t)
	lacking := daemontest.StartWithoutEmulation(t)
	both := stepPlansFor(t, images.UsualPlatforms(), "x", time.Unix(0, 0), images.Step{Script: "uname -m > /etc/machine"})
	const reason = "it runs no programs of linux/arm64, which the steps of the image need: add a builder of that platform, or register QEMU on its machine"

	t.Run("one builder", func(t *testing.T) {
		e := open(t, buildkit.Options{Builders: []string{lacking.Address}})
		_, err := e.Build(t.Context(), both)
		if want := "build x: builder " + lacking.Address + ": " + reason; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if _, err := e.Build(t.Context(), both[:1]); err != nil {
			t.Errorf("linux/amd64: %v", err)
		}
		if _, err := e.Build(t.Context(), plans(t, "y")); err != nil {
			t.Errorf("both platforms without steps: %v", err)
		}
	})
	t.Run("none of two", func(t *testing.T) {
		second := daemontest.StartWithoutEmulation(t)
		_, err := open(t, buildkit.Options{Builders: []string{lacking.Address, second.Address}}).Build(t.Context(), both)
		for _, want := range []string{"build x: none of 2 builders is left: ", lacking.Address + ": " + reason, second.Address + ": " + reason} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}

// TestOwnEmulator holds that a builder that does not list its emulators, as BuildKit's container image, gets an image
// when no other builder lists the platform.
func TestOwnEmulator(t *testing.T) {
	daemontest.NeedEmulation(t)
	dir := t.TempDir()
	compile := exec.Command("go", "build", "-o", filepath.Join(dir, "buildkit-qemu-aarch64"), "./testdata/emulator")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	path := os.Getenv("PATH")
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+path)
	own, able := daemontest.StartWithoutEmulation(t), builder(t)
	made := stepPlansFor(t, []images.Platform{images.LinuxARM64}, "x", time.Unix(0, 0), images.Step{Script: "uname -m > /etc/machine"})
	for _, test := range []struct {
		name             string
		builders         []string
		emulated, native string
	}{
		{"alone", []string{own.Address}, "/bin/sh -eu /dev/mkimage/step/runner 0", ""},
		{"beside one that says so", []string{own.Address, able}, "", "aarch64\n"},
		{"beside one that is away", []string{own.Address, "unix://" + dir + "/none"}, "/bin/sh -eu /dev/mkimage/step/runner 0", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			index, err := open(t, buildkit.Options{Builders: test.builders}).Build(t.Context(), made)
			if err != nil {
				t.Fatal(err)
			}
			layers := layersOf(t, index)[0]
			if got := file(t, layers[1], "etc/emulated"); got != test.emulated {
				t.Errorf("the builder's emulator was called with %q, want %q", got, test.emulated)
			}
			if got := file(t, layers[1], "etc/machine"); got != test.native {
				t.Errorf("the step wrote %q, want %q", got, test.native)
			}
		})
	}
}

// TestNoRights holds that an image goes on when its builder cannot start programs.
func TestNoRights(t *testing.T) {
	t.Parallel()
	lacking, able, shown := daemontest.StartWithoutRights(t), builder(t), &lines{}
	e := open(t, buildkit.Options{Builders: []string{lacking.Address, able}, Images: six(), Display: shown.display()})
	for _, name := range six() {
		if _, err := e.Build(t.Context(), stepPlans(t, name, images.Step{Script: "true"})); err != nil {
			t.Fatal(err)
		}
	}
	if skipped := shown.with(": not built by builder " + lacking.Address + ": it cannot start run-1 for linux/amd64: runc run failed: "); len(skipped) < 2 {
		t.Errorf("of all images, only %d have tried the other builder: %s", len(skipped), shown)
	}
}

// TestFalsePlatform holds that an image moves on from a builder that lists a platform whose programs it cannot run.
func TestFalsePlatform(t *testing.T) {
	t.Parallel()
	daemontest.NeedEmulation(t)
	able, shown := builder(t), &lines{}
	lacking := daemontest.StartWithoutEmulation(t, "--oci-worker-platform", "linux/amd64", "--oci-worker-platform", "linux/arm64")
	e := open(t, buildkit.Options{Builders: []string{lacking.Address, able}, Images: six(), Display: shown.display()})
	for _, name := range six() {
		made := stepPlansFor(t, []images.Platform{images.LinuxARM64}, name, time.Unix(0, 0), images.Step{Script: "true"})
		if _, err := e.Build(t.Context(), made); err != nil {
			t.Fatal(err)
		}
	}
	if skipped := shown.with(": not built by builder " + lacking.Address + ": it runs no programs of linux/arm64"); len(skipped) < 2 {
		t.Errorf("of all images, only %d have tried the other builder: %s", len(skipped), shown)
	}
}
