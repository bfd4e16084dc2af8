package buildkit_test

import (
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

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// TestFailingStep holds that one line says which step failed, for which platform, and what it wrote last.
func TestFailingStep(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, script, want string }{
		{"with output", "seq 1 9; printf '\\033[31mit cannot\\n\\n   be\\n'; exit 7", "run-2 for linux/amd64: its script ended with exit status 7; the end of what it wrote: 7 | 8 | 9 | it cannot | be"},
		{"without output", "false", "run-2 for linux/amd64: its script ended with exit status 1"},
		{"killed", "kill -KILL $$", "run-2 for linux/amd64: its script ended with exit status 137; the end of what it wrote: Killed"},
		{"with words of the daemon", "true no space left on device; exit 3", "run-2 for linux/amd64: its script ended with exit status 3"},
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

// TestFailingStepIsNotPushed holds that nothing is pushed when a step fails on one platform, and that the error names
// the platform.
func TestFailingStepIsNotPushed(t *testing.T) {
	t.Parallel()
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
	made := stepPlansFor(t, images.UsualPlatforms(), "x", time.Unix(0, 0), images.Step{Script: "test $(uname -m) = x86_64"})
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
	t.Parallel()
	for _, platform := range images.UsualPlatforms() {
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
			testkit.Await(t, "the build and its programs have ended", func() bool { return len(running(t, own)) == 0 && len(processes(t, second)) == 0 })
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
