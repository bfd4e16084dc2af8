package embedded_test

import (
	"context"
	"errors"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var (
	_ engine.Engine = embedded.Engine{}

	update = flag.Bool("update", false, "write testdata anew")
)

func plans(t *testing.T) []plan.Image {
	t.Helper()
	in := plan.Inputs{Epoch: time.Unix(0, 0), Materials: plan.Materials{Layers: layer.NewMaker(time.Unix(0, 0), cache.Dir{})}, Proxies: map[images.Platform]layer.Layer{}}
	var err error
	if in.Scratch, err = plan.Scratch(t.Context(), in.Layers); err != nil {
		t.Fatal(err)
	}
	for _, platform := range images.UsualPlatforms() {
		if in.Proxies[platform], err = plan.Proxy(t.Context(), in.Layers, []byte(platform.Architecture()+" proxy")); err != nil {
			t.Fatal(err)
		}
	}
	definition := images.Definition{
		Name: "x", Description: "An <image>", Base: images.Scratch, Platforms: images.UsualPlatforms(), File: "x.yaml",
		Env: map[string]string{"A": "b"}, Labels: map[string]string{"team": "blue", "area": "51"},
	}
	if in.Grounds, err = plan.Lay(t.Context(), definition, in.Materials); err != nil {
		t.Fatal(err)
	}
	plans, err := plan.Make(t.Context(), definition, in)
	if err != nil {
		t.Fatal(err)
	}
	return plans
}

// TestBuild compares every document of an index with what it was before. When a change of ours, of a library or of
// Go changes one, digests of all images change, which is a matter for the change log.
// Write them with: go test ./internal/engine/embedded -update
func TestBuild(t *testing.T) {
	built, err := embedded.Engine{}.Build(t.Context(), plans(t))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := built.RawManifest()
	testkit.Golden(t, "testdata/index.json", raw, *update)
	index, err := built.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range []string{"amd64", "arm64"} {
		image, err := built.Image(index.Manifests[i].Digest)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := image.RawManifest()
		testkit.Golden(t, "testdata/"+file+".manifest.json", raw, *update)
		raw, _ = image.RawConfigFile()
		testkit.Golden(t, "testdata/"+file+".config.json", raw, *update)
	}
}

func TestBuildOfOnePlatformIsAnIndex(t *testing.T) {
	both, one := plans(t), plans(t)[1:]
	all, err := embedded.Engine{}.Build(t.Context(), both)
	if err != nil {
		t.Fatal(err)
	}
	single, err := embedded.Engine{}.Build(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := all.IndexManifest()
	b, _ := single.IndexManifest()
	if diff := cmp.Diff(a.Manifests[1:], b.Manifests); diff != "" {
		t.Errorf("the manifest depends on the other platforms: %s", diff)
	}
}

func TestBuildFindsOnlyWhatItHas(t *testing.T) {
	built, err := embedded.Engine{}.Build(t.Context(), plans(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := built.Image(v1.Hash{Algorithm: "sha256", Hex: "00"}); err == nil {
		t.Error("found an image that is not there")
	}
	if _, err := built.ImageIndex(v1.Hash{Algorithm: "sha256", Hex: "00"}); err == nil {
		t.Error("found an index that is not there")
	}
}

func TestBuildRefuses(t *testing.T) {
	if _, err := (embedded.Engine{}).Build(t.Context(), nil); err == nil {
		t.Error("no plan: accepted")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (embedded.Engine{}).Build(ctx, plans(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: got %v", err)
	}
	stepped := plans(t)
	stepped[0].Runs = []plan.Run{{Name: "run-1"}}
	if _, err := (embedded.Engine{}).Build(t.Context(), stepped); err == nil || !strings.Contains(err.Error(), "name it with --builder") {
		t.Errorf("steps: got %v", err)
	}
	broken := plans(t)
	broken[0].Layers[1].Layer = nameless{broken[0].Layers[1].Layer}
	if _, err := (embedded.Engine{}).Build(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "layer proxy") {
		t.Errorf("a layer without a digest: got %v", err)
	}
}

// nameless is a layer whose digest nobody knows.
type nameless struct{ v1.Layer }

func (nameless) Digest() (v1.Hash, error) { return v1.Hash{}, errors.New("unknown") }

// TestProductIsValid reads every byte.
func TestProductIsValid(t *testing.T) {
	built, err := embedded.Engine{}.Build(t.Context(), plans(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(built); err != nil {
		t.Error(err)
	}
	index, err := built.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	image, err := built.Image(index.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	name, err := image.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.LayerByDigest(name) // as those who copy an image do
	if err != nil {
		t.Fatal(err)
	}
	if got, err := config.Digest(); got != name || err != nil {
		t.Errorf("the config is %s, %v, want %s", got, err, name)
	}
	if _, err := image.LayerByDigest(v1.Hash{Algorithm: "sha256", Hex: "00"}); err == nil {
		t.Error("found a layer that is not there")
	}
}
