package buildkit_test

import (
	"archive/tar"
	"context"
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

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

// TestBothPlatforms holds that each platform's step is run by a machine of that kind, and that another builder makes the
// same of it.
func TestBothPlatforms(t *testing.T) {
	daemontest.NeedEmulation(t)
	made := stepPlansFor(t, images.Platforms(), "x", time.Unix(0, 0), images.Step{Script: "uname -m > /etc/machine; apk_arch=$(cat /etc/apk/arch); echo $apk_arch >> /etc/machine; ls /bin | sort > /etc/list"})
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
		manifest, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"x86_64\nx86_64\n", "aarch64\naarch64\n"} {
			image, err := index.Image(manifest.Manifests[i].Digest)
			if err != nil {
				t.Fatal(err)
			}
			layers, err := image.Layers()
			if err != nil {
				t.Fatal(err)
			}
			if got := file(t, layers[1], "etc/machine"); got != want {
				t.Errorf("%s: the step wrote %q, want %q", manifest.Manifests[i].Platform, got, want)
			}
		}
	}
	if digests[0] != digests[1] {
		t.Errorf("two builders, two digests: %v", digests)
	}
}

// six returns the names of six images; of two builders, none is the first of more than four of them.
func six() []string { return []string{"a", "b", "c", "d", "e", "f"} }

// TestNoSuchPlatform holds that an image goes on to a builder that runs the programs of its steps, and that it is told
// where there is none.
func TestNoSuchPlatform(t *testing.T) {
	daemontest.NeedEmulation(t)
	lacking, able := daemontest.StartWithoutEmulation(t), builder(t)
	step := images.Step{Script: "uname -m > /etc/machine"}
	both := stepPlansFor(t, images.Platforms(), "x", time.Unix(0, 0), step)
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
	t.Run("another one", func(t *testing.T) {
		told := &lines{}
		e := open(t, buildkit.Options{Builders: []string{lacking.Address, able}, Images: six(), Display: told.display()})
		for _, name := range six() {
			if _, err := e.Build(t.Context(), stepPlansFor(t, images.Platforms(), name, time.Unix(0, 0), step)); err != nil {
				t.Fatal(err)
			}
		}
		if counts := builtOnce(t, told, six()); counts[able] != len(six()) {
			t.Errorf("the builder of both platforms has built %v", counts)
		}
		if skipped := told.with(": not built by builder " + lacking.Address + ": " + reason); len(skipped) < 2 {
			t.Errorf("of all images, only %d have tried the other builder: %s", len(skipped), told)
		}
		if lost := told.with("is lost"); len(lost) > 0 {
			t.Errorf("told %v of a builder that is there for others", lost)
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

// TestNoRights holds that an image goes on when its builder cannot start programs.
func TestNoRights(t *testing.T) {
	lacking, able, told := daemontest.StartWithoutRights(t), builder(t), &lines{}
	e := open(t, buildkit.Options{Builders: []string{lacking.Address, able}, Images: six(), Display: told.display()})
	for _, name := range six() {
		if _, err := e.Build(t.Context(), stepPlans(t, name, images.Step{Script: "true"})); err != nil {
			t.Fatal(err)
		}
	}
	if skipped := told.with(": not built by builder " + lacking.Address + ": it cannot start run-1 for linux/amd64: runc run failed: "); len(skipped) < 2 {
		t.Errorf("of all images, only %d have tried the other builder: %s", len(skipped), told)
	}
}

// TestFalsePlatform holds that a builder is passed over that says it runs what it does not.
func TestFalsePlatform(t *testing.T) {
	made := plans(t, "x")[:1]
	machine := "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xff\x00" // there is none of that number
	shell, err := layer.NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "shell", []layer.File{
		layer.Directory("bin", 0o755), layer.Regular("bin/sh", 0o755, []byte(machine+strings.Repeat("\x00", 100))),
	})
	if err != nil {
		t.Fatal(err)
	}
	made[0].Layers = append(made[0].Layers, shell)
	made[0].Runs = []plan.Run{{Step: images.Step{Script: "true"}, Name: "run-1", Below: len(made[0].Layers)}}
	address := builder(t)
	_, err = open(t, buildkit.Options{}).Build(t.Context(), made)
	if err == nil || !strings.HasPrefix(err.Error(), "build x: builder "+address+": it says that it runs programs of linux/amd64, and does not (exec format error)") {
		t.Errorf("got %v", err)
	}
}

// TestFailingStep holds that one line says which step failed, for which platform, and what it wrote last.
func TestFailingStep(t *testing.T) {
	for _, test := range []struct{ name, script, want string }{
		{"with output", "seq 1 9; printf '\\033[31mit cannot\\n\\n   be\\n' >&2; exit 7", "run-2 for linux/amd64: its script ended with exit status 7; the end of what it wrote: 7 | 8 | 9 | it cannot | be"},
		{"without output", "false", "run-2 for linux/amd64: its script ended with exit status 1 and has written nothing"},
		{"killed", "kill -KILL $$", "run-2 for linux/amd64: its script ended with exit status 137; the end of what it wrote: Killed"},
		{"with words of the daemon", "true no space left on device; exit 3", "run-2 for linux/amd64: its script ended with exit status 3 and has written nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			made := stepPlans(t, "x", images.Step{Script: "echo fine"}, images.Step{Script: test.script})
			_, err := open(t, buildkit.Options{}).Build(t.Context(), made)
			if want := "build x on " + builder(t) + ": " + test.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// TestFailingStepIsNotPushed holds that nothing is sent to the registry when a step fails on one platform alone, and that
// the line says on which.
func TestFailingStepIsNotPushed(t *testing.T) {
	daemontest.NeedEmulation(t)
	var changes atomic.Int32
	behind := registry.New(registry.Logger(stdlog.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			changes.Add(1)
		}
		behind.ServeHTTP(w, r)
	}))
	defer server.Close()
	made := stepPlansFor(t, images.Platforms(), "x", time.Unix(0, 0), images.Step{Script: "test $(uname -m) = x86_64"})
	to := []string{strings.TrimPrefix(server.URL, "http://") + "/actions/x"}
	_, err := open(t, buildkit.Options{Push: func(string) []string { return to }, Keychain: authn.DefaultKeychain}).Build(t.Context(), made)
	if err == nil || !strings.Contains(err.Error(), ": run-1 for linux/arm64: its script ended with exit status 1") {
		t.Errorf("got %v", err)
	}
	if n := changes.Load(); n > 0 {
		t.Errorf("%d requests have changed something in the registry", n)
	}
	if _, err := open(t, buildkit.Options{Push: func(string) []string { return to }, Keychain: authn.DefaultKeychain}).Build(t.Context(), made[:1]); err != nil || changes.Load() == 0 {
		t.Errorf("the other platform alone: %v, after %d changes", err, changes.Load())
	}
}

// when is a writer that does something each time it is given a text.
type when struct {
	text string
	do   func()
}

func (w when) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.text) {
		w.do()
	}
	return len(p), nil
}

// TestInterruptedStep holds that the programs of steps end with the build, emulated ones too.
func TestInterruptedStep(t *testing.T) {
	for _, platform := range images.Platforms() {
		t.Run(string(platform), func(t *testing.T) {
			if platform != images.LinuxAMD64 {
				daemontest.NeedEmulation(t)
			}
			own := daemontest.Start(t, t.TempDir())
			second := "3000." + filepath.Base(filepath.Dir(own.Address)) // no other sleep has it
			made := stepPlansFor(t, []images.Platform{platform}, "x", time.Unix(0, 0), images.Step{Script: "echo now it runs; sleep " + second})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			e := open(t, buildkit.Options{Builders: []string{own.Address}, Display: progress.New(when{"now it runs", cancel}, progress.Plain)})
			if _, err := e.Build(ctx, made); ctx.Err() == nil || err == nil {
				t.Errorf("got %v, want that it was cancelled", err)
			}
			for len(running(t, own)) > 0 || len(processes(t, second)) > 0 {
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
}

// processes returns the command lines of this machine that have a word in them.
func processes(t *testing.T, word string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, name := range files {
		if text, err := os.ReadFile(name); err == nil && strings.Contains(string(text), word) {
			found = append(found, strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	return found
}
