package buildkit_test

import (
	"context"
	"io"
	stdlog "log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/moby/buildkit/client"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

// stepPlans returns an image on genuine Alpine packages with steps.
func stepPlans(t *testing.T, name string, steps ...images.Step) []plan.Image {
	t.Helper()
	return stepPlansAt(t, name, time.Unix(0, 0), steps...)
}

// stepPlansAt returns such an image whose files all have a time.
func stepPlansAt(t *testing.T, name string, epoch time.Time, steps ...images.Step) []plan.Image {
	t.Helper()
	mirror, release := os.Getenv("MKIMAGE_ALPINE_MIRROR"), os.Getenv("MKIMAGE_ALPINE_RELEASE")
	if mirror == "" {
		t.Skip("no Alpine packages: MKIMAGE_ALPINE_MIRROR is not set")
	}
	source, err := apkfs.Open(mirror, filepath.SplitList(os.Getenv("MKIMAGE_ALPINE_KEYS")), cache.Dir{})
	if err != nil {
		t.Fatal(err)
	}
	definition := images.Definition{Name: name, Base: images.Alpine, Alpine: release, Platforms: []images.Platform{images.LinuxAMD64}, Run: steps}
	world := plan.World(definition, nil, release, images.LinuxAMD64)
	pins, err := source.Resolve(t.Context(), world)
	if err != nil {
		t.Fatal(err)
	}
	maker := layer.NewMaker(epoch, cache.Dir{})
	proxy, err := plan.Proxy(t.Context(), maker, []byte("a proxy"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := plan.Make(t.Context(), definition, plan.Inputs{
		Layers:  maker,
		Epoch:   epoch,
		Proxies: map[images.Platform]layer.Layer{images.LinuxAMD64: proxy},
		Alpine:  map[images.Platform]plan.Packages{images.LinuxAMD64: {World: world, Pins: pins, Install: source.Install}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// chance is a step that makes something else each time it is run.
func chance() images.Step {
	return images.Step{Script: "cat /proc/sys/kernel/random/uuid > /etc/chance"}
}

func empty(t *testing.T, d *daemontest.Daemon) {
	t.Helper()
	if err := d.Client(t).Prune(t.Context(), nil, client.PruneAll); err != nil {
		t.Fatal(err)
	}
}

// TestCache holds that a builder whose disk is empty runs no step again whose result is in a cache.
func TestCache(t *testing.T) {
	own := daemontest.Start(t, t.TempDir())
	server := httptest.NewServer(registry.New(registry.Logger(stdlog.New(io.Discard, "", 0))))
	defer server.Close()
	made := stepPlans(t, "x", chance())
	for _, test := range []struct {
		name  string
		cache buildkit.Cache
	}{
		{"folder", buildkit.Cache{Type: "local", Where: filepath.Join(t.TempDir(), "{name}")}},
		{"registry", buildkit.Cache{Type: "registry", Where: strings.TrimPrefix(server.URL, "http://") + "/cache/{name}"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			build := func(options buildkit.Options) string {
				options.Builders = []string{own.Address}
				index, err := open(t, options).Build(t.Context(), made)
				if err != nil {
					t.Fatal(err)
				}
				digest, err := index.Digest()
				if err != nil {
					t.Fatal(err)
				}
				return digest.String()
			}
			place := []buildkit.Cache{test.cache}
			empty(t, own)
			first := build(buildkit.Options{CacheFrom: place, CacheTo: place}) // there is no cache yet
			empty(t, own)
			if other := build(buildkit.Options{}); other == first {
				t.Fatal("the daemon was not empty")
			}
			empty(t, own)
			if again := build(buildkit.Options{CacheFrom: place}); again != first {
				t.Errorf("got %s, want %s from the cache", again, first)
			}
		})
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

// TestInterruptedStep holds that a program of a step ends with the build.
func TestInterruptedStep(t *testing.T) {
	own := daemontest.Start(t, t.TempDir())
	made := stepPlans(t, "x", images.Step{Script: "echo now it runs; sleep 3000"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e := open(t, buildkit.Options{Builders: []string{own.Address}, Display: progress.New(when{"now it runs", cancel}, progress.Plain)})
	if _, err := e.Build(ctx, made); ctx.Err() == nil || err == nil {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	for len(running(t, own)) > 0 {
		time.Sleep(50 * time.Millisecond)
	}
}

func TestNoSuchPlatform(t *testing.T) {
	made := stepPlans(t, "x", chance())
	made[0].Platform = "linux/s390x"
	_, err := open(t, buildkit.Options{}).Build(t.Context(), made)
	if err == nil || !strings.Contains(err.Error(), "it runs no programs of linux/s390x") {
		t.Errorf("got %v", err)
	}
}
