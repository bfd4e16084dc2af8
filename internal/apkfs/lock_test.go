package apkfs

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
)

// lockOf returns the pins of a lock.
func lockOf(t *testing.T, source *Source, w World) []images.Pin {
	t.Helper()
	pins, err := source.Resolve(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if pins, err = source.Pin(t.Context(), w, pins); err != nil {
		t.Fatal(err)
	}
	return pins
}

// TestWarmBuildNeedsNoMirror holds that a build needs only the lock and the cache when the mirror is gone.
func TestWarmBuildNeedsNoMirror(t *testing.T) {
	mirror := newWritten(t)
	source, dir := openCached(t, mirror.Dir, t.TempDir(), mirror.KeyFile)
	pins := lockOf(t, source, world())
	want := digests(t, install(t, source, world()))

	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) }))
	defer server.Close()
	offline, _ := openCached(t, server.URL, dir) // and no key is needed, for the lock says what is right
	tree, err := offline.Install(t.Context(), world(), pins)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, digests(t, tree)); diff != "" {
		t.Error(diff)
	}
}

// TestLockOfSharedCache holds that a lock has the packages of its own mirror, even if the cache has packages of another
// mirror that are signed with a key of the same name.
func TestLockOfSharedCache(t *testing.T) {
	first, second, dir := newSigner(t), newSigner(t), t.TempDir()
	for !haveEqualSizes(t, first, second) { // the size of a signature differs a little, and tells such packages apart
		second = newSigner(t)
	}
	for _, mirror := range []*apktest.Mirror{first, second, first} {
		source, _ := openCached(t, mirror.Dir, dir, mirror.KeyFile)
		for _, pin := range lockOf(t, source, world()) {
			file := mirror.Path(world().Release, pin.Repository, "x86_64", pin.String()+".apk")
			if want := hexSum(readFile(t, file)); pin.SHA256 != want {
				t.Errorf("%s: %s is locked, and the mirror has %s", pin, pin.SHA256, want)
			}
		}
	}
}

// haveEqualSizes reports whether a package of bash's image has the same size in two mirrors.
func haveEqualSizes(t *testing.T, a, b *apktest.Mirror) bool {
	t.Helper()
	for _, name := range []string{"bash-5.2.37-r0.apk", "musl-1.2.5-r1.apk"} {
		at := func(m *apktest.Mirror) []byte { return readFile(t, m.Path(world().Release, "main", "x86_64", name)) }
		if len(at(a)) == len(at(b)) {
			return true
		}
	}
	return false
}

func TestBrokenCacheIsFetchedAgain(t *testing.T) {
	mirror := newWritten(t)
	source, dir := openCached(t, mirror.Dir, t.TempDir(), mirror.KeyFile)
	want := digests(t, install(t, source, world()))
	entries, err := os.ReadDir(filepath.Join(dir, "apk"))
	if err != nil || len(entries) != 10 {
		t.Fatalf("the cache has %d packages (%v)", len(entries), err)
	}
	for i, entry := range entries {
		path := filepath.Join(dir, "apk", entry.Name())
		content := readFile(t, path)
		switch i % 3 {
		case 0:
			content[len(content)/2] ^= 1
		case 1:
			content = content[:len(content)/2]
		case 2:
			content = nil
		}
		writeFile(t, path, content)
	}
	if diff := cmp.Diff(want, digests(t, install(t, source, world()))); diff != "" {
		t.Error(diff)
	}
}

func TestSeveralAtOnceFetchOnce(t *testing.T) {
	mirror := newWritten(t)
	var asked atomic.Int32
	files := http.FileServer(http.Dir(mirror.Dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		files.ServeHTTP(w, r)
	}))
	defer server.Close()
	source := openMirror(t, server.URL, mirror.KeyFile)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			pins, err := source.Resolve(t.Context(), world())
			if err == nil {
				_, err = source.Install(t.Context(), world(), pins)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := asked.Load(); got != 12 { // two indexes, of which one is not there, and ten packages
		t.Errorf("the server was asked %d times, want 12", got)
	}
}

// TestLockHolds holds that a build refuses other packages than those of the lock, and names the ones that moved.
func TestLockHolds(t *testing.T) {
	newer := func(t *testing.T, m *apktest.Mirror) {
		languages := apktest.Languages()
		languages[1].Version = "5.2.38-r0"
		add(t, m, "main", "x86_64", append(apktest.Base(release), languages...)...)
	}
	for name, test := range map[string]struct {
		change func(t *testing.T, m *apktest.Mirror, pins []images.Pin)
		want   string
	}{
		"the mirror moved on": {func(t *testing.T, m *apktest.Mirror, _ []images.Pin) {
			newer(t, m)
			if err := os.Remove(m.Path(release, "main", "x86_64", "bash-5.2.37-r0.apk")); err != nil {
				t.Fatal(err)
			}
		}, "has no bash-5.2.37-r0 for x86_64 any more: it moved to 5.2.38-r0"},
		"built again": {func(t *testing.T, m *apktest.Mirror, _ []images.Pin) {
			languages := apktest.Languages()
			languages[1].Files[1].Linkname = "BASH"
			add(t, m, "main", "x86_64", append(apktest.Base(release), languages...)...)
		}, "bash-5.2.37-r0"},
		"another SHA-256": {func(_ *testing.T, _ *apktest.Mirror, pins []images.Pin) {
			for i := range pins {
				pins[i].SHA256 = strings.Repeat("0", 64)
			}
		}, "not the locked package"},
		"another layer": {func(_ *testing.T, _ *apktest.Mirror, pins []images.Pin) { pins[0].Layer = "top" }, `no layer "top"`},
	} {
		t.Run(name, func(t *testing.T) {
			mirror := newWritten(t)
			pins := lockOf(t, openMirror(t, mirror.Dir, mirror.KeyFile), world())
			test.change(t, mirror, pins)
			_, err := openMirror(t, mirror.Dir, mirror.KeyFile).Install(t.Context(), world(), pins)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestVendor holds that builds from the folder are the same, with the lock and without, also when the mirror has
// removed the packages.
func TestVendor(t *testing.T) {
	mirror := newWritten(t)
	source := openMirror(t, mirror.Dir, mirror.KeyFile)
	pins := lockOf(t, source, world())
	want := digests(t, install(t, source, world()))
	dir := filepath.Join(t.TempDir(), "packages")
	if err := source.Vendor(t.Context(), dir, world(), pins); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(mirror.Dir); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", "*"))
	if err != nil || len(files) != 11 {
		t.Errorf("want ten packages and an index, got %v (%v)", files, err)
	}
	if diff := cmp.Diff(want, digests(t, install(t, openMirror(t, dir, mirror.KeyFile), world()))); diff != "" {
		t.Errorf("without a lock: %s", diff)
	}
	tree, err := openMirror(t, dir, mirror.KeyFile).Install(t.Context(), world(), pins)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, digests(t, tree)); diff != "" {
		t.Errorf("with the lock: %s", diff)
	}
	if _, err := openMirror(t, dir).Resolve(t.Context(), world()); err == nil {
		t.Error("the folder is taken without the key")
	}
}

func TestVendorRefusesWhatTheIndexHasNot(t *testing.T) {
	mirror := newWritten(t)
	source := openMirror(t, mirror.Dir, mirror.KeyFile)
	pins := lockOf(t, source, world())
	pins[slices.IndexFunc(pins, func(p images.Pin) bool { return p.Name == "jq" })].Version = "1.7-r0"
	err := source.Vendor(t.Context(), t.TempDir(), world(), pins)
	if err == nil || !strings.Contains(err.Error(), "jq-1.7-r0 for x86_64 is locked, but the mirror no longer lists it") {
		t.Errorf("got %v", err)
	}
}

// TestLockOfAnotherSigner holds that a build does not mind a package in the cache that another mirror has signed anew.
func TestLockOfAnotherSigner(t *testing.T) {
	one, other := newWritten(t), newSigner(t)
	source, dir := openCached(t, one.Dir, t.TempDir(), one.KeyFile)
	pins := lockOf(t, openMirror(t, other.Dir, other.KeyFile), world())
	lockOf(t, source, world())
	again, _ := openCached(t, other.Dir, dir)
	if _, err := again.Install(t.Context(), world(), pins); err != nil {
		t.Error(err)
	}
}
