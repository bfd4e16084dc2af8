package build

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func TestRunBuildsSeveralImagesAtOnce(t *testing.T) {
	options := optionsIn(t)
	definitions := []images.Definition{definition("b"), definition("a"), definition("c")}
	results, err := Run(t.Context(), definitions, options)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b", "a", "c"}, names(results)); diff != "" {
		t.Errorf("results are not in the order of the definitions: %s", diff)
	}
	for _, result := range results {
		if _, err := os.Stat(filepath.Join(result.Outputs[0].Dest, "index.json")); err != nil {
			t.Error(err)
		}
		if want := []string{result.Name + "@" + result.Digest}; !slices.Equal(result.References(), want) {
			t.Errorf("references %v, want %v", result.References(), want)
		}
	}
	if diff := cmp.Diff([]string{"a linux/amd64", "b linux/amd64", "c linux/amd64"}, recorded(t, options)); diff != "" {
		t.Error(diff)
	}
}

// TestRunOfMany builds and pushes many images (500 with LONG=1), each with an action of its own. Some cannot be built:
// the others are pushed in their order, and each failure is reported.
func TestRunOfMany(t *testing.T) {
	many := 60
	if os.Getenv("LONG") != "" {
		many = 500
	}
	options := optionsIn(t)
	options.Outputs = nil
	options.Cache = cacheIn(t, t.TempDir())
	options = shelve(t, options, "referrers").options
	var shown bytes.Buffer
	options.Display = progress.New(&shown, progress.Plain)
	options.Attest, options.Jobs = AttestNone, 4
	dir := t.TempDir()
	program, err := os.ReadFile(options.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	var definitions []images.Definition
	var want, broken []string
	for i := range many {
		one := definition(fmt.Sprintf("a%03d", i))
		one.File, one.Action = filepath.Join(dir, one.Name+".yaml"), one.Name
		content := fmt.Appendf(program, "action %d", i)
		if i%(many/5) == 7 {
			content = []byte("#!/bin/none\n")
			broken = append(broken, one.Name)
		} else {
			want = append(want, one.Name)
		}
		if err := os.WriteFile(filepath.Join(dir, one.Action), content, 0o777); err != nil {
			t.Fatal(err)
		}
		definitions = append(definitions, one)
	}
	results, err := Run(t.Context(), definitions, options)
	if diff := cmp.Diff(want, names(results)); diff != "" {
		t.Error(diff)
	}
	var failures []string
	for line := range strings.Lines(err.Error()) {
		failures = append(failures, strings.TrimSuffix(strings.Fields(line)[1], ":"))
	}
	if diff := cmp.Diff(broken, failures); diff != "" {
		t.Errorf("the failures are not told in their order, a line each: %s\n%v", diff, err)
	}
	if rows := recorded(t, options); len(rows) != len(want) {
		t.Errorf("the record has %d rows, want %d", len(rows), len(want))
	}
	digests := map[string]bool{}
	for _, result := range results {
		digests[result.Digest] = true
		if result.Sizes[0].Layers[0].Digest != results[0].Sizes[0].Layers[0].Digest {
			t.Errorf("%s does not share the base", result.Name)
		}
	}
	if len(digests) != len(want) {
		t.Errorf("%d different images, want %d", len(digests), len(want))
	}
	if lines := strings.Count(shown.String(), "\n"); lines > 40 {
		t.Errorf("%d lines of progress:\n%s", lines, &shown)
	}
}

func TestRunGoesOnAfterAFailure(t *testing.T) {
	options := optionsIn(t)
	over := definition("over")
	over.Budget = 1
	results, err := Run(t.Context(), []images.Definition{over, definition("a")}, options)
	if err == nil || !strings.Contains(err.Error(), "budget") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"a"}, names(results)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a linux/amd64"}, recorded(t, options)); diff != "" {
		t.Error(diff)
	}
}

func TestRunStopsAtTheFirstFailure(t *testing.T) {
	options := optionsIn(t)
	options.FailFast, options.Jobs = true, 1
	over := definition("over")
	over.Budget = 1
	results, err := Run(t.Context(), []images.Definition{over, definition("a")}, options)
	if err == nil || strings.Contains(err.Error(), "canceled") || len(results) > 0 {
		t.Errorf("got %v, %v", names(results), err)
	}
}

func TestRunAllowsOverBudget(t *testing.T) {
	options := optionsIn(t)
	options.AllowOverBudget = true
	over := definition("over")
	over.Budget = 1
	if _, err := Run(t.Context(), []images.Definition{over}, options); err != nil {
		t.Error(err)
	}
}

func TestRunInterrupted(t *testing.T) {
	options := optionsIn(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	results, err := Run(ctx, []images.Definition{definition("a")}, options)
	if !errors.Is(err, context.Canceled) || len(results) > 0 {
		t.Errorf("got %v, %v", results, err)
	}
	if _, err := os.Stat(options.SizeRecord); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the record was written: %v", err)
	}
}

func TestRunRestrictsPlatforms(t *testing.T) {
	both := definition("both")
	both.Platforms = images.UsualPlatforms()
	options := optionsIn(t)
	options.Platforms = []images.Platform{images.LinuxAMD64}
	if _, err := Run(t.Context(), []images.Definition{both}, options); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"both linux/amd64"}, recorded(t, options)); diff != "" {
		t.Error(diff)
	}
	options.Platforms = []images.Platform{images.LinuxARM64}
	_, err := Run(t.Context(), []images.Definition{both, definition("one")}, options)
	if want := "image one is not made for linux/arm64; its definition one.yaml has linux/amd64"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestReferencesOfAPush(t *testing.T) {
	result := Result{Name: "a", Digest: "sha256:12", Outputs: []publish.Result{
		{Output: publish.Output{Type: publish.OCI}, Reference: "a@sha256:12"},
		{Output: publish.Output{Type: publish.Registry, Ref: "r/a:1"}, Reference: "r/a@sha256:12"},
		{Output: publish.Output{Type: publish.Registry, Ref: "r/a:2"}, Reference: "r/a@sha256:12"},
	}}
	if diff := cmp.Diff([]string{"r/a@sha256:12"}, result.References()); diff != "" {
		t.Error(diff)
	}
}

// withScript returns a definition that bakes in a script of its own, below dir.
func withScript(t *testing.T, dir, name, base string) images.Definition {
	t.Helper()
	one := definition(name)
	one.File, one.Base, one.Action = filepath.Join(dir, name+".yaml"), base, name+".sh"
	if base == images.Alpine {
		one.Alpine = "v3.22"
	}
	if err := os.WriteFile(filepath.Join(dir, one.Action), []byte("#!/bin/sh\necho '{\"name\":\""+name+"\"}'\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	return one
}

func cacheIn(t *testing.T, dir string) cache.Dir {
	t.Helper()
	store, err := cache.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func definition(name string) images.Definition {
	return images.Definition{Name: name, Description: "Image " + name, Base: images.Scratch,
		Platforms: []images.Platform{images.LinuxAMD64}, File: name + ".yaml"}
}

// kept is the cache of builds that do not bring their own. With it, the base is compressed once for all of them: under the
// race detector that takes half a second.
var kept cache.Dir

func TestMain(m *testing.M) {
	testkit.WithFolder(m, func(dir string) (err error) {
		kept, err = cache.Open(dir)
		return err
	})
}

// optionsIn returns options for a build in a temporary folder, with a ready proxy for linux/amd64.
func optionsIn(t *testing.T) Options {
	t.Helper()
	dir := t.TempDir()
	var shown bytes.Buffer
	t.Cleanup(func() { t.Logf("progress:\n%s", &shown) })
	return Options{
		Programs: Programs{Proxy: emptyProgram(t, dir)},
		Delivery: Delivery{
			Outputs:    []publish.Output{{Type: publish.OCI, Dest: filepath.Join(dir, "dist", "{name}")}},
			SizeRecord: filepath.Join(dir, "dist", "sizes.json"),
		},
		Cache:   kept,
		Display: progress.New(&shown, progress.Plain),
	}
}

// emptyProgram writes a file that has the headers of a static program for linux/amd64 and nothing else.
func emptyProgram(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "proxy")
	if err := os.WriteFile(path, testkit.Static(elf.EM_X86_64, ""), 0o777); err != nil {
		t.Fatal(err)
	}
	return path
}

func names(results []Result) []string {
	var names []string
	for _, result := range results {
		names = append(names, result.Name)
	}
	return names
}

// recorded lists the rows of the size record.
func recorded(t *testing.T, options Options) []string {
	t.Helper()
	record, err := sizes.Read(options.SizeRecord)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range record.Images {
		rows = append(rows, fmt.Sprintf("%s %s", row.Name, row.Platform))
	}
	return rows
}
