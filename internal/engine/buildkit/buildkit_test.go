package buildkit_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

var _ engine.Engine = (*buildkit.Engine)(nil)

// builder returns the address of the daemon that ci/services starts.
func builder(t *testing.T) string {
	t.Helper()
	address := os.Getenv("MKIMAGE_TEST_BUILDKIT")
	if address == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no builder: ci/services starts one and sets $MKIMAGE_TEST_BUILDKIT")
		}
		t.Skip("no builder: eval \"$(ci/services)\" starts one")
	}
	return address
}

// planned is the time in the images of [plans].
var planned = time.Unix(60, 0)

// scratch returns the base of these images, which is compressed once: under the race detector that takes half a second.
var scratch = sync.OnceValues(func() (layer.Layer, error) {
	return plan.Scratch(context.Background(), layer.NewMaker(planned, cache.Dir{}))
})

// plans returns an image of two platforms with proxies that nobody has seen before.
func plans(t *testing.T, name string) []plan.Image {
	t.Helper()
	in := plan.Inputs{Epoch: planned, Materials: plan.Materials{Layers: layer.NewMaker(planned, cache.Dir{})}, Proxies: map[images.Platform]layer.Layer{}}
	var err error
	if in.Scratch, err = scratch(); err != nil {
		t.Fatal(err)
	}
	for _, platform := range images.UsualPlatforms() {
		program := platform.Architecture() + " " + t.Name() + time.Now().String()
		if in.Proxies[platform], err = plan.Proxy(t.Context(), in.Layers, []byte(program)); err != nil {
			t.Fatal(err)
		}
	}
	definition := images.Definition{
		Name: name, Description: "An <image>", Base: images.Scratch, Platforms: images.UsualPlatforms(), File: name + ".yaml",
		Labels: map[string]string{"team": "blue"},
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

func open(t *testing.T, options buildkit.Options) *buildkit.Engine {
	t.Helper()
	if options.Builders == nil {
		options.Builders = []string{builder(t)}
	}
	e, err := buildkit.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestBothEnginesGiveOneDigest(t *testing.T) {
	t.Parallel()
	e := open(t, buildkit.Options{Display: progress.New(t.Output(), progress.Plain)})
	made := plans(t, "x")
	want, err := embedded.Engine{}.Build(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := e.Build(t.Context(), made)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := want.Digest()
		b, _ := got.Digest()
		if a != b {
			t.Errorf("got %s, want %s", b, a)
		}
		if err := validate.Index(got); err != nil {
			t.Error(err)
		}
	}
}
