package plan

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
)

// TestFormat fails when the same inputs give other layers than they did. Then raise format, so that nobody takes what
// an older mkimage has kept in the cache for ours, and write the new digests here.
func TestFormat(t *testing.T) {
	const want = "plan 1: 250e54979080 ef7f1f63117d b3669c776608 79218aed1064"
	def, in := onAlpine(), inputs(t, time.Unix(0, 0))
	in.Stemcells = languages(t)
	world := World(def, in.Stemcells, def.Alpine, images.LinuxAMD64)
	in.Alpine = map[images.Platform]Packages{images.LinuxAMD64: {World: world, Install: func(context.Context, apkfs.World, []images.Pin) (apkfs.Tree, error) { return installed(world), nil }}}
	grounds, err := Lay(t.Context(), def, in.Materials)
	if err != nil {
		t.Fatal(err)
	}
	var sums []string
	for _, l := range grounds[images.LinuxAMD64].Layers {
		id, err := l.DiffID()
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, id.Hex[:12])
	}
	if got := format + ": " + strings.Join(sums, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRecipeDependsOnEveryInput holds that two recipes that differ in one input have different keys.
func TestRecipeDependsOnEveryInput(t *testing.T) {
	def := onAlpine()
	base := func() Packages {
		return Packages{World: World(def, languages(t), def.Alpine, images.LinuxAMD64), Pins: []images.Pin{{Name: "musl", Version: "1", Checksum: "Q1a"}}}
	}
	seen := map[string]string{}
	for name, change := range map[string]func(*Packages){
		"as it is":  func(*Packages) {},
		"release":   func(p *Packages) { p.World.Release = "v3.21" },
		"platform":  func(p *Packages) { p.World.Platform = images.LinuxARM64 },
		"trim":      func(p *Packages) { p.World.Layers[1].Trim = nil },
		"version":   func(p *Packages) { p.Pins[0].Version = "2" },
		"checksum":  func(p *Packages) { p.Pins[0].Checksum = "Q1b" },
		"layer":     func(p *Packages) { p.Pins[0].Layer = "stemcell-perl" },
		"a package": func(p *Packages) { p.Pins = append(p.Pins, images.Pin{Name: "curl"}) },
	} {
		packages := base()
		change(&packages)
		recipe, err := packages.recipe(languages(t))
		if err != nil {
			t.Fatal(err)
		}
		if other, again := seen[recipe.Key]; again {
			t.Errorf("%s and %s are the same", name, other)
		}
		seen[recipe.Key] = name
	}
	recipe, err := base().recipe(languages(t)[:1])
	if err != nil {
		t.Fatal(err)
	}
	if _, again := seen[recipe.Key]; again {
		t.Error("the files of stemcells make no difference")
	}
}
