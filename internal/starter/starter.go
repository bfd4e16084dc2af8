// Package starter has the folder that a project begins with: a function, a value to try it with, the definition of its
// image, and a pipeline.
//
//	files, err := starter.Files(starter.Options{Language: "bash", Library: source.Files()})
//	kept, err := starter.Write("functions", files)
package starter

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/page"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

//go:embed files
var texts embed.FS

// Options says which project is wanted.
type Options struct {
	Language  string // one of [Languages]
	CI        string // one of [Pipelines], or "" for none
	Library   fs.FS  // the module that holds openwhisk, for projects in Go
	Pipelines fs.FS  // holds ci/github/images.yml and ci/gitlab/.gitlab-ci.yml
}

// File is a file of a project.
type File struct {
	Path    string // with slashes
	Text    []byte
	Program bool // it may be executed
	Common  bool // folders often have it, so one that is there stays
}

// Languages returns the languages that there are projects in. "any" is a program that needs no stemcell.
func Languages() []string { return []string{"bash", "ruby", "python", "go", "any"} }

// Pipelines returns the systems that there are pipelines for.
func Pipelines() []string { return []string{"github", "gitlab"} }

// actions is where the function of each language is.
var actions = map[string]string{
	"bash": "actions/greet.sh", "ruby": "actions/greet.rb", "python": "actions/greet.py",
	"go": "actions/greet/main.go", "any": "actions/greet",
}

// pipelines is where each pipeline comes from, and where its system reads it.
var pipelines = map[string][2]string{
	"github": {"ci/github/images.yml", ".github/workflows/images.yml"},
	"gitlab": {"ci/gitlab/.gitlab-ci.yml", ".gitlab-ci.yml"},
}

// Files returns the files of a project.
func Files(options Options) ([]File, error) {
	if _, err := suggest.OneOf(options.Language, Languages()...); err != nil {
		return nil, fmt.Errorf("--lang: %w", err)
	}
	if _, err := suggest.OneOf(options.CI, append(Pipelines(), "")...); err != nil {
		return nil, fmt.Errorf("--ci: %q is not one of %s", options.CI, strings.Join(Pipelines(), ", "))
	}
	function := actions[options.Language]
	folder, suffix := "files/"+options.Language+"/", ""
	if strings.HasSuffix(function, ".go") {
		suffix = ".txt" // it is no package of this module
	}
	files := []File{
		{Path: function, Text: text(folder + function + suffix), Program: options.Language == "any"},
		{Path: "actions/greet.json", Text: text("files/all/greet.json")},
		{Path: "images/greet.yaml", Text: text(folder + "images/greet.yaml")},
		{Path: ".dockerignore", Text: text("files/all/dockerignore"), Common: true},
		{Path: ".gitignore", Text: text("files/all/gitignore"), Common: true},
	}
	var more string
	if options.Language == "go" {
		library, err := library(options.Library)
		if err != nil {
			return nil, err
		}
		files = append(files, library...)
		more = "| `" + libraryFolder + "` | the library openwhisk, as mkimage brings it ([how to take a published one](" + page.GoActions + ")) |\n"
	}
	if place, ok := pipelines[options.CI]; ok {
		pipeline, err := fs.ReadFile(options.Pipelines, place[0])
		if err != nil {
			return nil, fmt.Errorf("read a pipeline: %w", err)
		}
		files = append(files, File{Path: place[1], Text: pipeline})
		more += "| `" + place[1] + "` | the pipeline |\n"
	}
	readme := strings.NewReplacer("%action%", function, "%value%", "actions/greet.json", "%more%", more,
		"%definition%", page.Definition, "%pages%", page.Index).Replace(string(text("files/all/README.md")))
	return append(files, File{Path: "README.md", Text: []byte(readme), Common: true}), nil
}

// text returns an embedded file.
func text(name string) []byte {
	content, err := texts.ReadFile(path.Clean(name))
	if err != nil {
		panic(err) // it is embedded
	}
	return content
}
