package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
)

// TestMixedFleet builds six images with steps for both platforms on two builders, one of which runs programs of one
// platform only: all images go to the other one, and equal those that it makes alone.
func TestMixedFleet(t *testing.T) {
	t.Parallel()
	daemontest.NeedEmulation(t)
	if os.Getenv("MKIMAGE_ALPINE_MIRROR") == "" {
		t.Skip("no Alpine packages: MKIMAGE_ALPINE_MIRROR is not set")
	}
	f := &fleet{dir: t.TempDir(), names: []string{"a", "b", "c", "d", "e", "f"}}
	if err := os.Mkdir(filepath.Join(f.dir, "images"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, image := range f.names {
		text := "name: " + image + "\nbase: alpine\nalpine: v3.22\nrun:\n  - script: echo " + image + " $(uname -m) > /etc/machine\n"
		if err := os.WriteFile(filepath.Join(f.dir, "images", image+".yaml"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	able := daemontest.Start(t, t.TempDir())
	f.daemons = []*daemontest.Daemon{able}
	want := f.build(t, "0", func(event) {}, f.flags("embedded")...) // where same looks for it
	if want.status != 0 || len(want.images) != len(f.names) {
		t.Fatalf("one builder has built %d images, exit status %d: %v", len(want.images), want.status, want.with(""))
	}

	lacking := daemontest.StartWithoutEmulation(t)
	f.daemons = []*daemontest.Daemon{lacking, able}
	got := f.build(t, "0", func(event) {}, f.flags("mixed")...)
	if got.status != 0 {
		t.Fatalf("exit status %d: %v", got.status, got.with(""))
	}
	f.same(t, want, got, "mixed")
	if diff := cmp.Diff(map[string]int{able.Address: len(f.names)}, f.builders(t, got)); diff != "" {
		t.Errorf("images that each builder has built: %s", diff)
	}
	if asked := got.with(lacking.Address + ": it does not say that it runs programs of linux/arm64"); len(asked) < 2 { // it is the first of so many
		t.Errorf("the other builder was asked for %d images", len(asked))
	}
}
