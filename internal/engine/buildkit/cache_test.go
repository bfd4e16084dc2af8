package buildkit_test

import (
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
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// kept is a cache of what all tests lay their steps on: under the race detector it takes seconds to make.
var kept cache.Dir

func TestMain(m *testing.M) {
	testkit.WithFolder(m, func(dir string) (err error) {
		kept, err = cache.Open(dir)
		return err
	})
}

// stepPlans returns an image for linux/amd64, on genuine Alpine packages and with steps.
func stepPlans(t *testing.T, name string, steps ...images.Step) []plan.Image {
	t.Helper()
	return stepPlansAt(t, name, time.Unix(0, 0), steps...)
}

// stepPlansAt returns such an image whose files all have a time.
func stepPlansAt(t *testing.T, name string, epoch time.Time, steps ...images.Step) []plan.Image {
	t.Helper()
	return stepPlansFor(t, []images.Platform{images.LinuxAMD64}, name, epoch, steps...)
}

func stepPlansFor(t *testing.T, platforms []images.Platform, name string, epoch time.Time, steps ...images.Step) []plan.Image {
	t.Helper()
	mirror, release := os.Getenv("MKIMAGE_ALPINE_MIRROR"), os.Getenv("MKIMAGE_ALPINE_RELEASE")
	if mirror == "" {
		t.Skip("no Alpine packages: MKIMAGE_ALPINE_MIRROR is not set")
	}
	source, err := apkfs.Open(mirror, filepath.SplitList(os.Getenv("MKIMAGE_ALPINE_KEYS")), kept)
	if err != nil {
		t.Fatal(err)
	}
	definition := images.Definition{Name: name, Base: images.Alpine, Alpine: release, Platforms: platforms, Run: steps}
	maker := layer.NewMaker(epoch, kept)
	in := plan.Inputs{Epoch: epoch, Materials: plan.Materials{Layers: maker, Alpine: map[images.Platform]plan.Packages{}}, Proxies: map[images.Platform]layer.Layer{}}
	for _, platform := range platforms {
		world := plan.World(definition, nil, release, platform)
		pins, err := source.Resolve(t.Context(), world)
		if err != nil {
			t.Fatal(err)
		}
		in.Alpine[platform] = plan.Packages{World: world, Pins: pins, Install: source.Install}
		if in.Proxies[platform], err = plan.Proxy(t.Context(), maker, []byte("a proxy")); err != nil {
			t.Fatal(err)
		}
	}
	if in.Grounds, err = plan.Lay(t.Context(), definition, in.Materials); err != nil {
		t.Fatal(err)
	}
	made, err := plan.Make(t.Context(), definition, in)
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

// TestCache holds that a builder with an empty disk does not run a step whose result is in a cache.
func TestCache(t *testing.T) {
	t.Parallel()
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
			var told strings.Builder
			first := build(buildkit.Options{CacheFrom: place, CacheTo: place, Display: progress.New(&told, progress.Plain)})
			if !strings.Contains(told.String(), "there is none yet") {
				t.Errorf("nothing says that there is no cache:\n%s", told.String())
			}
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

// TestCacheThatCannotBeWritten holds that an image fails when its cache cannot be written, and that the error says so.
func TestCacheThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	e := open(t, buildkit.Options{CacheTo: []buildkit.Cache{{Type: "registry", Where: "127.0.0.1:1/cache"}}})
	_, err := e.Build(t.Context(), stepPlans(t, "x", chance()))
	if err == nil || !strings.Contains(err.Error(), ": write --cache-to: ") || !strings.HasSuffix(err.Error(), "(builders push from where they run: https://github.com/sciabarracom/openwhisk-runtime-go/blob/main/docs/buildkit.md#pushing)") {
		t.Errorf("got %v", err)
	}
}
