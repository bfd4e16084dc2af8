package plan

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// TestRuns holds where steps come: above the packages, those of stemcells first, below the proxy.
func TestRuns(t *testing.T) {
	def, in := onAlpine(), inputs(t, time.Unix(0, 0))
	in.Stemcells = languages(t)
	in.Stemcells[0].Run = []images.Step{{Script: "first", Packages: []string{"make", "gcc"}}}
	def.Run = []images.Step{{Script: "second"}, {Script: "third", Packages: []string{"gcc"}}}
	world := World(def, in.Stemcells, def.Alpine, images.LinuxAMD64)
	last := world.Layers[len(world.Layers)-1]
	if diff := cmp.Diff(apkfs.Layer{Name: "build", Packages: []string{"gcc", "make"}, Trimmed: true}, last); diff != "" {
		t.Fatal(diff)
	}
	pins := []images.Pin{{Name: "perl", Layer: "stemcell-perl"}, {Name: "gcc", Layer: "build"}}
	in.Alpine = map[images.Platform]Packages{images.LinuxAMD64: {World: world, Pins: pins, Install: func(_ context.Context, w apkfs.World, pins []images.Pin) (apkfs.Tree, error) {
		isBuild := w.Layers[len(w.Layers)-1].Name == "build"
		if isBuild != slices.ContainsFunc(pins, func(pin images.Pin) bool { return pin.Layer == "build" }) {
			t.Errorf("asked for the layers %v with the packages %v", w.Layers, pins)
		}
		return installed(w), nil
	}}}
	plans, err := layAndMake(t, def, in)
	if err != nil {
		t.Fatal(err)
	}
	image := plans[0]
	want := []string{"base", "stemcell-perl", "stemcell-lua", "packages", "run-1", "run-2", "run-3", "proxy"}
	if diff := cmp.Diff(want, image.Names()); diff != "" {
		t.Error(diff)
	}
	var scripts []string
	var extra []int
	for _, run := range image.Runs {
		scripts, extra = append(scripts, run.Script), append(extra, len(run.Extra))
	}
	if diff := cmp.Diff([]string{"first", "second", "third"}, scripts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{1, 0, 1}, extra); diff != "" {
		t.Errorf("layers of packages that a step has: %s", diff)
	}

	complete := image.Complete([]layer.Layer{{Name: "run-1"}, {Name: "run-2"}, {Name: "run-3"}})
	if diff := cmp.Diff(want, complete.Names()); diff != "" || len(complete.Runs) > 0 {
		t.Errorf("complete: %s", diff)
	}
}

func TestStepsNeedAShell(t *testing.T) {
	in := inputs(t, time.Unix(0, 0))
	in.Stemcells = []stemcells.Stemcell{{Name: "x", Run: []images.Step{{Script: "true"}}}}
	_, err := layAndMake(t, images.Definition{Name: "x", Base: images.Scratch, Stemcells: []string{"x"}, Platforms: []images.Platform{images.LinuxAMD64}}, in)
	if err == nil || !strings.Contains(err.Error(), "base scratch has none") {
		t.Errorf("got %v", err)
	}
}

func TestStemcellWithoutFiles(t *testing.T) {
	in := inputs(t, time.Unix(0, 0))
	in.Stemcells = []stemcells.Stemcell{{Name: "go"}}
	made, err := layAndMake(t, images.Definition{Name: "x", Base: images.Scratch, Stemcells: []string{"go"}, Platforms: []images.Platform{images.LinuxAMD64}}, in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"base", "proxy"}, made[0].Names()); diff != "" {
		t.Error(diff)
	}
}
