// Package project reads mkimage.yaml, the settings of a project, which count where neither a flag nor its variable is
// set.
//
//	settings, err := project.Find(".")
//	for _, value := range settings.Values() { ... }
package project

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// Name is the file of the settings.
const Name = "mkimage.yaml"

// maxFile is the size of the largest file of settings, in bytes.
const maxFile = 64 << 10

// Settings are those of a file.
type Settings struct {
	Repo      string `yaml:"repo"`      // images are pushed to Repo/NAME
	Tags      Words  `yaml:"tags"`      // that a push sets
	Platforms Words  `yaml:"platforms"` // that are built
	Mirror    string `yaml:"mirror"`    // of Alpine packages: a URL, or a folder, seen from the file
	Builder   Words  `yaml:"builder"`   // addresses of BuildKit daemons
	APIHost   string `yaml:"apihost"`   // of OpenWhisk

	File string `yaml:"-"` // "" where there is none
}

// Words is a list of texts, or one text.
type Words []string

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (w *Words) UnmarshalYAML(node ast.Node) error {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		list = &ast.SequenceNode{Values: []ast.Node{node}}
	}
	*w = nil
	for _, value := range list.Values {
		text, ok := value.(*ast.StringNode)
		if !ok {
			at := value.GetToken().Position
			return &images.Error{Line: at.Line, Column: at.Column, Message: "want text, in quotes where it looks like something else"}
		}
		*w = append(*w, text.Value)
	}
	return nil
}

// Value is a setting that a file has.
type Value struct {
	Flag  string   // whose value it is, without dashes
	Words []string // one, for a flag that is given once
}

// Values returns the settings that the file has, for the flags of commands. The API host is none of them: its flag says
// more than its value.
func (s Settings) Values() []Value {
	var values []Value
	for _, value := range []Value{
		{"repo", []string{s.Repo}},
		{"tag", s.Tags},
		{"platform", []string{strings.Join(s.Platforms, ",")}},
		{"alpine-mirror", []string{s.Mirror}},
		{"builder", s.Builder},
	} {
		if len(value.Words) > 0 && value.Words[0] != "" {
			values = append(values, value)
		}
	}
	return values
}

// Find reads the settings of the project that a folder belongs to: the nearest file in it or above, up to the top of
// its repository. Outside of one, only the folder itself counts. Settings without a File mean that there is none.
func Find(dir string) (Settings, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Settings{}, err
	}
	first := filepath.Join(dir, Name)
	for at, nearest := dir, ""; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, Name)); err == nil && nearest == "" {
			nearest = filepath.Join(at, Name)
		}
		if _, err := os.Stat(filepath.Join(at, ".git")); err == nil {
			return read(nearest)
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	if _, err := os.Stat(first); err != nil {
		return Settings{}, nil
	}
	return read(first)
}

func read(file string) (Settings, error) {
	if file == "" {
		return Settings{}, nil
	}
	opened, err := os.Open(file)
	if err != nil {
		return Settings{}, fmt.Errorf("read the settings %s: %w", file, human.Reason(err))
	}
	defer opened.Close()
	text, err := io.ReadAll(io.LimitReader(opened, maxFile+1))
	if err != nil {
		return Settings{}, fmt.Errorf("read the settings %s: %w", file, human.Reason(err))
	}
	return Parse(file, text)
}

// Parse reads the bytes of a file.
func Parse(file string, text []byte) (Settings, error) {
	settings := Settings{File: file}
	shown := shorten(file)
	if err := images.Strict(shown, text, &settings); err != nil {
		if _, mistake := images.Parse(Name, text, nil); mistake == nil {
			err = fmt.Errorf("%s: it defines an image, and here this name is for the settings of a project: put the definition into a folder, such as images", shown)
		}
		return Settings{}, err
	}
	if err := settings.check(); err != nil {
		return Settings{}, fmt.Errorf("%s: %w", shown, err)
	}
	if settings.Mirror != "" && !strings.Contains(settings.Mirror, "://") && !filepath.IsAbs(settings.Mirror) {
		settings.Mirror = filepath.Join(filepath.Dir(file), settings.Mirror)
	}
	return settings, nil
}

// check returns the mistakes in the values, joined.
func (s Settings) check() error {
	var mistakes []error
	wrong := func(key string, err error) {
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", key, err))
		}
	}
	if s.Repo != "" {
		wrong("repo", registry.CheckRepository(s.Repo))
	}
	for _, tag := range s.Tags {
		wrong("tags", publish.CheckTag(tag))
	}
	if len(s.Platforms) > 0 {
		_, err := images.ParsePlatforms(strings.Join(s.Platforms, ","))
		wrong("platforms", err)
	}
	return errors.Join(mistakes...)
}

// shorten returns the path of a file as it is seen from the working directory, where that is below it or its folder.
func shorten(file string) string {
	here, err := os.Getwd()
	if err != nil {
		return file
	}
	short, err := filepath.Rel(here, file)
	if err != nil || !fs.ValidPath(filepath.ToSlash(short)) {
		return file
	}
	return short
}
