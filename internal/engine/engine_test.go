package engine_test

import (
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestConfig(t *testing.T) {
	base, err := layer.NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "base", []layer.File{layer.Directory("tmp", 0o755)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := engine.Config(plan.Image{
		Name: "x", Platform: images.LinuxARM64, Created: time.Unix(60, 0).UTC(), Layers: []layer.Layer{base},
		Config: ocispec.ImageConfig{User: "1:2", Env: []string{"A=<b>"}, Entrypoint: []string{"/bin/proxy"}, WorkingDir: "/action"},
	})
	if err != nil {
		t.Fatal(err)
	}
	diffID, _ := base.DiffID()
	want := `{"architecture":"arm64",` +
		`"config":{"User":"1:2","Env":["A=\u003cb\u003e"],"Entrypoint":["/bin/proxy"],"WorkingDir":"/action"},` +
		`"created":"1970-01-01T00:01:00Z",` +
		`"history":[{"created":"1970-01-01T00:01:00Z","created_by":"mkimage base"}],` +
		`"os":"linux",` +
		`"rootfs":{"type":"layers","diff_ids":["` + diffID.String() + `"]}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}
