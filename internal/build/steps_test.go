package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
)

// performer stands in for an engine with builders: each step has made a file.
type performer struct{ fromCache bool }

func (p performer) Build(ctx context.Context, plans []plan.Image) (v1.ImageIndex, error) {
	maker := layer.NewMaker(time.Unix(0, 0), cache.Dir{})
	var complete []plan.Image
	for _, image := range plans {
		var made []layer.Layer
		for _, step := range image.Runs {
			l, err := maker.New(ctx, step.Name, []layer.File{layer.Regular("made", 0o644, []byte(step.Script))})
			if err != nil {
				return nil, err
			}
			made = append(made, l)
		}
		complete = append(complete, image.Complete(made))
	}
	index, err := embedded.Engine{}.Build(ctx, complete)
	return engine.Stepped{Index: index, Engine: "buildkit", Version: "v9.8.7", FromCache: p.fromCache}, err
}

// TestStatementNamesSteps holds that a statement names the scripts that made layers, their packages and the builder,
// and does not say where a secret lies on the machine.
func TestStatementNamesSteps(t *testing.T) {
	t.Setenv("GEM_TOKEN", "sesame-4711")
	options, _ := alpineIn(t)
	options.Engine = performer{}
	s := shelve(t, options, "referrers")
	own := onAlpine(t.TempDir(), "rack", "bash")
	put := func(name, text string) {
		t.Helper()
		file := filepath.Join(filepath.Dir(own.File), name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	put("Gemfile", "source 'x'\n")
	put("vendor/cache/rack.gem", "gem")
	own.Run = []images.Step{
		{Script: "gem install 'rack' > /dev/null && echo \"50%\"\n", Packages: []string{"ruby"}, Network: true, Cache: []string{"/root/.gem"},
			Secrets: map[string]string{"TOKEN": "env:GEM_TOKEN", "KEY": "file:/home/jo/key.pem"}},
		{Script: "true", Files: []string{"Gemfile", "vendor/"}},
	}
	read := func() string {
		text, _, err := inspect.Document(t.Context(), s.options.Publisher.Registry, s.push(t, own), referrers.Provenance)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	text := read()
	for _, want := range []string{
		`"name": "run-1"`, `"script": "gem install 'rack' > /dev/null && echo \"50%\"\n"`, `"network": true`, `"cache": [`, `"/root/.gem"`,
		`"KEY",`, `"TOKEN"`, `"name": "run-2"`, `"network": false`, `"engine": "buildkit"`, `"buildkit": "v9.8.7"`, `"usedBy": "steps"`,
		`"files": [`, `"vendor/"`, `"name": "Gemfile"`, "1d2788d6767c4ccd9d5f0d61f217fc90416210dbb1b6caf30a3247c69ce442a1", `"name": "vendor"`, `"dirHash"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not have %s:\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"sesame", "GEM_TOKEN", "key.pem", "cacheFrom"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("it has %q:\n%s", unwanted, text)
		}
	}
	for uri := range strings.SplitSeq(text, `"uri": "`) {
		forSteps := strings.HasPrefix(uri, "pkg:apk/alpine/ruby")
		if named, _, ok := strings.Cut(uri, `"usedBy": "steps"`); strings.HasPrefix(uri, "pkg:apk/") && ok != forSteps {
			t.Errorf("for steps alone: %v, want %v: %s", ok, forSteps, named)
		}
	}
	options.Engine = performer{fromCache: true}
	s = shelve(t, options, "referrers") // the other one has a statement
	if text := read(); !strings.Contains(text, `"cacheFrom": "given"`) {
		t.Errorf("with a cache:\n%s", text)
	}
}

func TestMissingFileOfAStep(t *testing.T) {
	own := images.Definition{Name: "own", File: filepath.Join(t.TempDir(), "own.yaml"), Run: []images.Step{{Files: []string{"missing"}}}}
	if _, err := stepFiles(own); err == nil || err.Error() != "image own: files of "+own.File+`: "missing": there is no such file beside the definition` {
		t.Errorf("got %v", err)
	}
}
