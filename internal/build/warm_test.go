package build

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
)

// TestWarmIsCold holds that an image is the same however it came about: built anew, from what the cache knows, from a
// cache that has lost something, by one job or by many.
func TestWarmIsCold(t *testing.T) {
	options, mirror := alpineIn(t)
	options.SBOM = sbom.SPDX
	dir := t.TempDir()
	definitions := []images.Definition{
		definition("scratch"), onAlpine(dir, "alpine"), onAlpine(dir, "bash", "bash"), onAlpine(dir, "both", "bash", "ruby"),
		withScript(t, dir, "script", images.Alpine),
	}
	if _, err := Lock(t.Context(), definitions, options.Packages, nil, options.Display); err != nil {
		t.Fatal(err)
	}
	kept := t.TempDir()
	in := func(cacheDir string) Options { return from(t, options, mirror.Dir, cacheDir, mirror.KeyFile) }
	want := products(t, definitions, in(kept), 1)
	for _, test := range []struct {
		name   string
		change func(t *testing.T)
	}{
		{"warm", func(*testing.T) {}},
		{"without the bytes of layers", func(t *testing.T) { remove(t, kept, "layer") }},
		{"without what is known of layers", func(t *testing.T) { remove(t, kept, "layer-record") }},
		{"with layers that are cut", func(t *testing.T) { damage(t, kept, "layer", func(b []byte) []byte { return b[:len(b)-1] }) }},
		{"with layers that have changed", func(t *testing.T) { damage(t, kept, "layer", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }) }},
		{"with broken records", func(t *testing.T) { damage(t, kept, "layer-record", func([]byte) []byte { return []byte("x") }) }},
		{"without lists of files", func(t *testing.T) { remove(t, kept, "sbom-layer") }},
		{"from the cache alone", func(t *testing.T) { remove(t, mirror.Dir, "v3.22") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.change(t)
			again := in(kept)
			if test.name == "from the cache alone" {
				again.Locked = true
			}
			if diff := cmp.Diff(want, products(t, definitions, again, 8)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestShippedImagesAreTheSameWarm holds it for every image of the project, on the packages of a small mirror.
func TestShippedImagesAreTheSameWarm(t *testing.T) {
	options, mirror := alpineIn(t)
	options.SBOM, options.Platforms = sbom.SPDX, []images.Platform{images.LinuxAMD64}
	definitions, err := images.Load(images.Shipped(), options.Stemcells.Known())
	if err != nil {
		t.Fatal(err)
	}
	kept := t.TempDir()
	in := func(cacheDir string) Options {
		options := from(t, options, mirror.Dir, cacheDir, mirror.KeyFile)
		if options.Module, err = gobuild.Open(source.Files(), options.Cache); err != nil {
			t.Fatal(err)
		}
		return options
	}
	want := products(t, definitions, in(kept), 1)
	if len(want) != len(definitions) {
		t.Errorf("%d images of %d definitions", len(want), len(definitions))
	}
	for name, again := range map[string]Options{"warm": in(kept), "cold": in(t.TempDir())} {
		if diff := cmp.Diff(want, products(t, definitions, again, 8)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// product is all that a build says of an image, without where it was written.
type product struct {
	Result Result
	List   string // the document beside the layout
}

// products builds into a new folder and reads every byte of what is there.
func products(t *testing.T, definitions []images.Definition, options Options, jobs int) []product {
	t.Helper()
	dir := t.TempDir()
	options.Jobs = jobs
	options.Outputs = []publish.Output{{Type: publish.OCI, Dest: filepath.Join(dir, "{name}")}}
	results, err := Run(t.Context(), definitions, options)
	if err != nil {
		t.Fatal(err)
	}
	var all []product
	for _, result := range results {
		output := result.Outputs[0]
		index, err := layout.Read(output.Dest)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Index(index); err != nil {
			t.Errorf("%s: %v", result.Name, err)
		}
		list, err := os.ReadFile(output.SBOM)
		if err != nil {
			t.Fatal(err)
		}
		result.Outputs = nil
		all = append(all, product{result, string(list)})
	}
	return all
}

func remove(t *testing.T, dir, kind string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, kind)); err != nil {
		t.Fatal(err)
	}
}

// damage changes every entry of a kind in a cache folder.
func damage(t *testing.T, dir, kind string, change func([]byte) []byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, kind, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the cache has no %s (%v)", kind, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, change(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
