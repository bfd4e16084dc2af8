package apkfs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/solver"
)

// TestBesideApk holds that packages are chosen, and their files shared out, as the genuine apk does it: for random
// small repositories, from a fixed list of seeds, which is longer with LONG=1.
func TestBesideApk(t *testing.T) {
	apk := newGenuineApk(t)
	first, last := uint64(1), uint64(64)
	if os.Getenv("LONG") != "" {
		last = 200
	}
	if text := os.Getenv("SEEDS"); text != "" { // FIRST-LAST, to look at others
		if _, err := fmt.Sscanf(text, "%d-%d", &first, &last); err != nil {
			t.Fatal(err)
		}
	}
	const groups = 8 // at the same time, for apk mostly waits for the disk
	for group := range uint64(groups) {
		t.Run(fmt.Sprintf("seeds %d, %d, …", first+group, first+group+groups), func(t *testing.T) {
			t.Parallel()
			mirror, err := apktest.New(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			tally := map[string]int{}
			for seed := first + group; seed <= last; seed += groups {
				r := newRepositories(seed)
				release := fmt.Sprintf("v%d", seed)
				for name, packages := range r.packages {
					if err := mirror.Add(release, name, "x86_64", packages...); err != nil {
						t.Fatal(err)
					}
				}
				if diff := besideOne(t, apk, mirror, release, r, tally); diff != "" {
					t.Errorf("seed %d: %s\n%s", seed, diff, r)
				}
			}
			t.Log(tally)
		})
	}
}

// TestVersionsBesideApk holds that random versions compare, and are taken for versions, as with the genuine apk.
func TestVersionsBesideApk(t *testing.T) {
	apk := newGenuineApk(t)
	r := newRepositories(1)
	for range 100 {
		a, b := r.anyVersion(), r.anyVersion()
		want := map[string]string{"<": "<", ">": ">", "=": "="}[strings.TrimSpace(apk.run(t, "version", "--test", a, b).out)]
		valid := !apk.run(t, "version", "--check", a).failed
		if _, ok := solver.Parse("p=" + a); ok != valid {
			t.Errorf("%s is a version: %v, with apk: %v", a, ok, valid)
		}
		for _, operator := range []string{"<", "=", ">"} {
			term, ok := solver.Parse("p" + operator + b)
			if ok && term.Fits(a, "") != (operator == want) {
				t.Errorf("%s %s %s is %v, with apk it is %s", a, operator, b, !(operator == want), want)
			}
		}
	}
}

// TestBesideApkOfAlpine holds that it is so for Alpine's own packages, too.
func TestBesideApkOfAlpine(t *testing.T) {
	apk := newGenuineApk(t)
	folder, release, keys := genuine(t)
	for name, packages := range map[string][]string{
		"base":          nil,
		"bash":          {"bash", "jq"},
		"ruby":          {"ruby"},
		"all":           {"bash", "jq", "ruby", "python3", "openssl"},
		"many":          {"alpine-base", "openssh", "chrony", "doas", "e2fsprogs-extra"},
		"a file's name": {"cmd:bash", "so:libssl.so.3", "!ssl_client", "/bin/sh"},
	} {
		t.Run(name, func(t *testing.T) {
			w := World{Release: release, Platform: images.LinuxAMD64, Layers: []Layer{
				{Name: "base", Packages: world().Layers[0].Packages}, {Name: "more", Packages: packages},
			}}
			pins, err := openMirror(t, folder, keys...).Resolve(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, pin := range pins {
				got = append(got, pin.String())
			}
			want := apk.add(t, folder, filepath.Dir(keys[0]), release, slices.Concat(w.Layers[0].Packages, packages)...).packages
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// besideOne installs a world with apk and here, and returns how the results differ.
func besideOne(t *testing.T, apk genuineApk, mirror *apktest.Mirror, release string, r *randomRepositories, tally map[string]int) string {
	t.Helper()
	want := apk.add(t, mirror.Dir, filepath.Dir(mirror.KeyFile), release, r.world...)
	source := openMirror(t, mirror.Dir, mirror.KeyFile)
	w := World{Release: release, Platform: images.LinuxAMD64, Layers: []Layer{{Name: "all", Packages: r.world}}}
	pins, err := source.Resolve(t.Context(), w)
	refused := want.failed && len(want.packages) == 0
	switch {
	case refused && err != nil:
		tally["refused"]++
		return ""
	case refused || err != nil:
		return fmt.Sprintf("resolved to %v, %v; apk: %s", pins, err, want.out)
	}
	packages, err := source.fetchAll(t.Context(), w, pins)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, p := range inOrder(w, packages) {
		order = append(order, p.pin.String())
	}
	if diff := cmp.Diff(want.packages, order); diff != "" {
		return "packages, or their order: " + diff
	}
	tree, err := source.Install(t.Context(), w, pins)
	if want.failed || err != nil {
		if want.failed && err != nil && strings.Contains(want.out, "trying to overwrite") {
			tally["conflict"]++
			return ""
		}
		return fmt.Sprintf("installed with %v; apk: %s", err, want.out)
	}
	owners := map[string]string{}
	for _, p := range tree.Packages {
		for _, file := range p.Files {
			owners[file] = p.Name
		}
	}
	if diff := cmp.Diff(want.owners, owners); diff != "" {
		return "owners: " + diff
	}
	for _, file := range tree.Layers[0] {
		if owners[file.Path] == "" {
			continue
		}
		where := filepath.Join(want.root, file.Path)
		if link, err := os.Readlink(where); err == nil && file.Open == nil && link == file.Link || file.Open == nil && file.Mode.IsRegular() {
			continue // a hard link is known by its target
		}
		if text, err := os.ReadFile(where); err != nil || string(text) != string(bytesOf(t, file)) {
			return fmt.Sprintf("%s is %q, %v with apk", file.Path, text, err)
		}
	}
	tally["installed"]++
	return ""
}
