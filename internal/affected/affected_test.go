package affected

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// monorepo writes a repository with several images and enters it.
func monorepo(t *testing.T) []images.Definition {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{
		"go.mod":                        "module example.com/actions\n\ngo 1.26.0\n\nrequire " + mkimage + " v1.0.0\n",
		"actions/greet/main.go":         "package main\n\nimport _ \"example.com/actions/words\"\n\nfunc main() {}\n",
		"actions/greet/templates/a.txt": "",
		"actions/greet/tool/main.go":    "package main\n\nfunc main() {}\n",
		"actions/count/main.go":         "package main\n\nfunc main() {}\n",
		"words/words.go":                "package words\n",
		"actions/say.sh":                "#!/bin/bash\n",
		"actions/cut/main.rb":           "def main(args) = args\n",
		"actions/cut/lib/knife.rb":      "",
		"images/cut.yaml":               "name: cut\nbase: alpine\nalpine: v3.22\nstemcells: [ruby]\naction: ../actions/cut\n",
		"images/greet.yaml":             "name: greet\nbase: scratch\naction: ../actions/greet\n",
		"images/count.yaml":             "name: count\nbase: scratch\naction: ../actions/count\n",
		"images/say.yaml":               "name: say\nbase: alpine\nalpine: v3.22\nstemcells: [bash]\naction: ../actions/say.sh\n",
		"images/perl.yaml":              "name: perl\nbase: alpine\nalpine: v3.22\nstemcells: [perl]\nrun: [{script: x, files: [cpanfile, wheels/]}]\n",
		"images/cpanfile":               "",
		"images/wheels/a.whl":           "",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	definitions, err := images.Load(images.Dir("images"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return definitions
}

func TestImages(t *testing.T) {
	definitions := monorepo(t)
	all := []string{"count", "cut", "greet", "perl", "say"}
	tests := []struct {
		name   string
		files  []string
		former string // go.mod
		want   []string
	}{
		{name: "nothing"},
		{name: "something else", files: []string{"README.md", "images/sizes.json", "../other/go.mod", "actions/other"}},
		{name: "a definition", files: []string{"images/perl.yaml"}, want: []string{"perl"}},
		{name: "a file of a step", files: []string{"images/cpanfile"}, want: []string{"perl"}},
		{name: "a new file in a folder of a step", files: []string{"images/wheels/b.whl"}, want: []string{"perl"}},
		{name: "a lock", files: []string{"images/say.lock.json"}, want: []string{"say"}},
		{name: "a stemcell of ours", files: []string{"stemcells/perl/stemcell.yaml"}, want: []string{"perl"}},
		{name: "a stemcell in place of mkimage's", files: []string{"stemcells/bash/launcher"}, want: []string{"say"}},
		{name: "a script", files: []string{"actions/say.sh"}, want: []string{"say"}},
		{name: "a file of a function's folder", files: []string{"actions/cut/lib/knife.rb"}, want: []string{"cut"}},
		{name: "a new one", files: []string{"actions/cut/data/new"}, want: []string{"cut"}},
		{name: "a Go file", files: []string{"actions/count/main.go"}, want: []string{"count"}},
		{name: "a Go file that is new", files: []string{"actions/count/more.go"}, want: []string{"count"}},
		{name: "a Go test", files: []string{"actions/count/main_test.go"}},
		{name: "a package that an action imports", files: []string{"words/words.go"}, want: []string{"greet"}},
		{name: "what may be embedded", files: []string{"actions/greet/templates/a.txt"}, want: []string{"greet"}},
		{name: "a package below that is not imported", files: []string{"actions/greet/tool/main.go"}},
		{name: "a requirement", files: []string{"go.sum"}, want: []string{"count", "greet"}},
		{name: "another requirement in go.mod", files: []string{"go.mod"}, former: "module example.com/actions\ngo 1.26.0\nrequire (\n" + mkimage + " v1.0.0\nexample.com/other v1.2.3\n)\n", want: []string{"count", "greet"}},
		{name: "the version of mkimage", files: []string{"go.mod"}, former: "module example.com/actions\ngo 1.26.0\nrequire " + mkimage + " v0.9.0\n", want: all},
		{name: "the toolchain", files: []string{"go.mod"}, former: "module example.com/actions\ngo 1.26.0\ntoolchain go1.26.1\nrequire " + mkimage + " v1.0.0\n", want: all},
		{name: "a go.mod that is new", files: []string{"go.mod"}, want: all},
		{name: "what all share", files: []string{".gitlab-ci.yml"}, want: all},
		{name: "in a folder that all share", files: []string{"ca/own.pem"}, want: all},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			touched, err := Images(t.Context(), definitions, Change{
				Files: test.files, Stemcells: "stemcells", Shared: []string{"./.gitlab-ci.yml", "ca/"},
				Former: func(context.Context, string) ([]byte, error) { return []byte(test.former), nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, names(touched)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func names(definitions []images.Definition) []string {
	var names []string
	for _, definition := range definitions {
		names = append(names, definition.Name)
	}
	return names
}

// TestActionThatDoesNotCompile: all of its module counts as its source.
func TestActionThatDoesNotCompile(t *testing.T) {
	definitions := monorepo(t)
	if err := os.WriteFile("actions/count/main.go", []byte("package main\nimport _ \"example.com/actions/none\"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	touched, err := Images(t.Context(), definitions, Change{Files: []string{"words/more/x.go"}, Stemcells: "stemcells"})
	if diff := cmp.Diff([]string{"count", "greet"}, names(touched)); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
}

// TestOwnRepository: where mkimage itself comes from, the proxy goes into every image.
func TestOwnRepository(t *testing.T) {
	t.Chdir("../..")
	definitions, err := images.Load(images.Dir("images"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]string{
		"proxy/whisk/run.go":               names(definitions),
		"openwhisk/start.go":               {"hello"},
		"stemcells/ruby/launcher/ruby.rb":  {"ruby"},
		"stemcells/go/examples/typed/x.go": nil,
	} {
		touched, err := Images(t.Context(), definitions, Change{Files: []string{file}, Stemcells: "stemcells"})
		if diff := cmp.Diff(want, names(touched)); err != nil || diff != "" {
			t.Errorf("%s: %v: %s", file, err, diff)
		}
	}
}
