package build

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// onAlpine returns a definition with base alpine, as if it had been read from dir.
func onAlpine(dir, name string, languages ...string) images.Definition {
	return images.Definition{Name: name, Base: images.Alpine, Alpine: "v3.22", Stemcells: languages,
		Platforms: []images.Platform{images.LinuxAMD64}, File: filepath.Join(dir, name+".yaml")}
}

// alpineIn returns options for a build with the packages of a new mirror.
func alpineIn(t *testing.T) (Options, *apktest.Mirror) {
	t.Helper()
	mirror, err := apktest.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := mirror.Add("v3.22", "main", "x86_64", append(apktest.Base("v3.22"), apktest.Languages()...)...); err != nil {
		t.Fatal(err)
	}
	options := optionsIn(t)
	if options.Stemcells, err = stemcells.Shipped(); err != nil {
		t.Fatal(err)
	}
	return from(t, options, mirror.Dir, t.TempDir(), mirror.KeyFile), mirror
}

// from returns the options with another mirror and cache.
func from(t *testing.T, options Options, where, cacheDir string, keys ...string) Options {
	t.Helper()
	var err error
	if options.Cache, err = cache.Open(cacheDir); err != nil {
		t.Fatal(err)
	}
	if options.Alpine, err = apkfs.Open(where, keys, options.Cache); err != nil {
		t.Fatal(err)
	}
	return options
}

func digestsOf(t *testing.T, definitions []images.Definition, options Options) []string {
	t.Helper()
	results, err := Run(t.Context(), definitions, options)
	if err != nil {
		t.Fatal(err)
	}
	var digests []string
	for _, result := range results {
		digests = append(digests, result.Digest)
	}
	return digests
}

func TestAlpineIsTheSameFromEverywhere(t *testing.T) {
	options, mirror := alpineIn(t)
	server := httptest.NewServer(http.FileServer(http.Dir(mirror.Dir)))
	defer server.Close()
	dir := t.TempDir()
	definitions := []images.Definition{onAlpine(dir, "alpine"), onAlpine(dir, "bash", "bash"), onAlpine(dir, "both", "bash", "ruby")}
	want := digestsOf(t, definitions, options)
	for name, again := range map[string]Options{
		"warm": options,
		"cold": from(t, options, mirror.Dir, t.TempDir(), mirror.KeyFile),
		"http": from(t, options, server.URL, t.TempDir(), mirror.KeyFile),
	} {
		if diff := cmp.Diff(want, digestsOf(t, definitions, again)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestImagesShareTheBase(t *testing.T) {
	options, _ := alpineIn(t)
	dir := t.TempDir()
	results, err := Run(t.Context(), []images.Definition{onAlpine(dir, "bash", "bash"), onAlpine(dir, "both", "bash", "ruby")}, options)
	if err != nil {
		t.Fatal(err)
	}
	bash, both := results[0].Sizes[0].Layers, results[1].Sizes[0].Layers
	if bash[0].Digest != both[0].Digest || bash[1].Digest != both[1].Digest {
		t.Errorf("the images share less than base and bash: %v, %v", bash, both)
	}
	var names []string
	for _, l := range both {
		names = append(names, l.Name)
	}
	if diff := cmp.Diff([]string{"base", "stemcell-bash", "stemcell-ruby", "proxy"}, names); diff != "" {
		t.Error(diff)
	}
}

// TestForeignPackagesAreMarked holds that the size record tells test packages and other releases from Alpine's.
func TestForeignPackagesAreMarked(t *testing.T) {
	options, mirror := alpineIn(t)
	if err := mirror.Add("v3.21", "main", "x86_64", apktest.Base("v3.21")...); err != nil {
		t.Fatal(err)
	}
	options.Release = "v3.21"
	results, err := Run(t.Context(), []images.Definition{onAlpine(t.TempDir(), "alpine")}, options)
	if err != nil {
		t.Fatal(err)
	}
	inputs := results[0].Sizes[0].Inputs
	if inputs[sizes.InputRelease] != "v3.21" || inputs[sizes.InputPackages] != "test@example.org-1" {
		t.Errorf("inputs %v", inputs)
	}
}

func TestLock(t *testing.T) {
	options, mirror := alpineIn(t)
	dir := t.TempDir()
	bash := onAlpine(dir, "bash", "bash")
	options.Locked = true
	if _, err := Run(t.Context(), []images.Definition{bash}, options); err == nil || !strings.Contains(err.Error(), "there is no lock "+bash.LockFile()) {
		t.Errorf("no lock: got %v", err)
	}
	files, err := Lock(t.Context(), []images.Definition{bash, definition("scratch")}, options.Packages, nil, options.Display)
	if diff := cmp.Diff([]string{filepath.Join(dir, "bash.lock.json")}, files); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
	want := digestsOf(t, []images.Definition{bash}, options)

	languages := apktest.Languages()
	languages[1].Version = "5.2.38-r0"
	if err := mirror.Add("v3.22", "main", "x86_64", append(apktest.Base("v3.22"), languages...)...); err != nil {
		t.Fatal(err)
	}
	moved := from(t, options, mirror.Dir, t.TempDir(), mirror.KeyFile)
	if diff := cmp.Diff(want, digestsOf(t, []images.Definition{bash}, moved)); diff != "" {
		t.Errorf("the lock does not hold: %s", diff)
	}
	moved.Locked = false
	if diff := cmp.Diff(want, digestsOf(t, []images.Definition{bash}, moved)); diff != "" {
		t.Errorf("a lock that fits is not used: %s", diff)
	}

	bash.Packages = []string{"ruby"}
	if _, err := Run(t.Context(), []images.Definition{bash}, options); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("another definition: got %v", err)
	}
	if _, err := Lock(t.Context(), []images.Definition{bash}, moved.Packages, nil, moved.Display); err != nil {
		t.Fatal(err)
	}
	lock, err := images.ReadLock(bash.LockFile())
	if text, _ := json.Marshal(lock); err != nil || !strings.Contains(string(text), "5.2.38-r0") || !strings.Contains(string(text), "ruby") {
		t.Errorf("the new lock is %s (%v)", text, err)
	}
}

func TestVendor(t *testing.T) {
	options, mirror := alpineIn(t)
	dir := t.TempDir()
	definitions := []images.Definition{onAlpine(dir, "bash", "bash"), onAlpine(dir, "ruby", "ruby")}
	packages := filepath.Join(dir, "packages")
	if err := Vendor(t.Context(), packages, definitions, options.Packages, options.Display); err == nil || !strings.Contains(err.Error(), "there is no lock") {
		t.Errorf("without locks: got %v", err)
	}
	want := digestsOf(t, definitions, options)
	if _, err := Lock(t.Context(), definitions, options.Packages, nil, options.Display); err != nil {
		t.Fatal(err)
	}
	if err := Vendor(t.Context(), packages, definitions, options.Packages, options.Display); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, digestsOf(t, definitions, from(t, options, packages, t.TempDir(), mirror.KeyFile))); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsWrittenOnFailure(t *testing.T) {
	options, mirror := alpineIn(t)
	if err := os.RemoveAll(mirror.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), []images.Definition{onAlpine(t.TempDir(), "alpine")}, options); err == nil {
		t.Fatal("built without packages")
	}
	if _, err := os.Stat(filepath.Dir(options.SizeRecord)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}
