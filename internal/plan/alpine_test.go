package plan

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// languages returns two stemcells, one of which has a launcher.
func languages(t *testing.T) []stemcells.Stemcell {
	t.Helper()
	set, err := stemcells.Load(fstest.MapFS{
		"perl/stemcell.yaml": {Data: []byte("name: perl\npackages: [perl]\nlauncher: launcher.pl\nmain: [main.pl]\nenv: {A: perl, B: perl}\ntrim: [{path: usr/share/man, saves: 1MB}]\n")},
		"perl/launcher.pl":   {Data: []byte("#!/usr/bin/perl")},
		"lua/stemcell.yaml":  {Data: []byte("name: lua\npackages: [lua5.4]\nlauncher: run.lua\nenv: {B: lua, C: lua}\n")},
		"lua/run.lua":        {Data: []byte("#!/usr/bin/lua")},
	}, "stemcells")
	if err != nil {
		t.Fatal(err)
	}
	picked, err := set.Pick([]string{"perl", "lua"})
	if err != nil {
		t.Fatal(err)
	}
	return picked
}

func onAlpine() images.Definition {
	return images.Definition{
		Name: "x", Base: images.Alpine, Alpine: "v3.22", Stemcells: []string{"perl", "lua"}, Packages: []string{"curl"},
		Platforms: []images.Platform{images.LinuxAMD64}, Env: map[string]string{"C": "own"}, File: "x.yaml",
	}
}

// installed returns what apkfs would of a world: a few files for each layer.
func installed(world apkfs.World) apkfs.Tree {
	var tree apkfs.Tree
	for i, l := range world.Layers {
		files := []layer.File{layer.Regular("lib/apk/db/installed", 0o644, []byte(l.Name))}
		if i == 0 {
			files = append(files, layer.Directory("usr", 0o755), layer.Directory("usr/lib", 0o755),
				layer.Regular("etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/sh\n")), layer.Regular("etc/group", 0o644, []byte("root:x:0:root")))
		}
		tree.Layers = append(tree.Layers, files)
	}
	return tree
}

func TestWorld(t *testing.T) {
	want := apkfs.World{Release: "v3.21", Platform: images.LinuxARM64, Layers: []apkfs.Layer{
		{Name: "base", Packages: []string{"alpine-baselayout", "alpine-release", "busybox", "ca-certificates-bundle", "musl"}},
		{Name: "stemcell-perl", Packages: []string{"perl"}, Trim: []string{"usr/share/man"}},
		{Name: "stemcell-lua", Packages: []string{"lua5.4"}},
		{Name: "packages", Packages: []string{"curl"}},
	}}
	if diff := cmp.Diff(want, World(onAlpine(), languages(t), "v3.21", images.LinuxARM64)); diff != "" {
		t.Error(diff)
	}
}

func TestMakeOnAlpine(t *testing.T) {
	def, in := onAlpine(), inputs(t, time.Unix(0, 0))
	in.Stemcells = languages(t)
	world := World(def, in.Stemcells, def.Alpine, images.LinuxAMD64)
	in.Alpine = map[images.Platform]Packages{images.LinuxAMD64: {World: world, Install: func(context.Context, apkfs.World, []images.Pin) (apkfs.Tree, error) { return installed(world), nil }}}
	plans, err := layAndMake(t, def, in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range plans[0].Layers {
		got = append(got, list(t, l)...)
	}
	for _, want := range []string{
		"base drwxrwxr-x 65532:0 0 action/",
		"base -rw-r--r-- 0:0 79 etc/passwd",
		"base -rw-r--r-- 0:0 31 etc/group",
		"stemcell-perl drwxr-xr-x 0:0 0 usr/lib/mkimage/",
		"stemcell-perl drwxr-xr-x 0:0 0 usr/lib/mkimage/perl/",
		"stemcell-perl -rwxr-xr-x 0:0 15 usr/lib/mkimage/perl/launcher.pl",
		"stemcell-perl -rw-r--r-- 0:0 33 usr/lib/mkimage/perl/stemcell",
		"stemcell-lua -rwxr-xr-x 0:0 14 usr/lib/mkimage/lua/run.lua",
		"packages -rw-r--r-- 0:0 8 lib/apk/db/installed",
		"proxy -rwxr-xr-x 0:0 11 bin/proxy",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
	wantEnv := []string{"A=perl", "B=perl", "C=own", "OW_LAUNCHER=/usr/lib/mkimage/perl/launcher.pl:/usr/lib/mkimage/lua/run.lua"}
	if diff := cmp.Diff(wantEnv, plans[0].Config.Env[4:]); diff != "" {
		t.Error(diff)
	}
	grounds, err := Lay(t.Context(), def, in.Materials)
	if ground := grounds[images.LinuxAMD64]; err != nil || !slices.Equal(ground.Env, plans[0].Config.Env) || len(ground.Layers) == 0 {
		t.Errorf("below: %v, %v", grounds, err)
	}
}

func TestStemcellOnScratch(t *testing.T) {
	def, in := definition(), inputs(t, time.Unix(0, 0))
	def.Stemcells = []string{"perl"}
	in.Stemcells = languages(t)[:1]
	plans, err := layAndMake(t, def, in)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range plans[0].Layers {
		names = append(names, l.Name)
	}
	if diff := cmp.Diff([]string{"base", "stemcell-perl", "proxy"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestAlpineNeedsUsers(t *testing.T) {
	if _, err := alpine(nil); err == nil || !strings.Contains(err.Error(), "no package has /etc/") {
		t.Errorf("got %v", err)
	}
}
