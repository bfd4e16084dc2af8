// Package stemcells holds the stemcells, and reads them. A stemcell is everything that an image needs so that users can
// upload source code in a language.
//
// A stemcell is a folder. It holds stemcell.yaml, the launcher, and an example; a new one needs nothing else:
//
//	name: perl                  # the folder's name
//	description: Perl functions
//	packages: [perl]            # Alpine packages
//	launcher: launcher.pl       # the program that is run with FILE and MAIN when source is uploaded
//	protocol: actionloop        # what it speaks with the proxy: actionloop (the default), v1 or v0
//	main: [main.pl]             # files that make an archive one of this language, the first that is there
//	files: [json.pl]            # more files of the folder, which are put beside the launcher
//	env: {PERL5LIB: /action}
//	run:                        # what a builder runs on the image's file system, as in a definition
//	  - {script: cpanm JSON, packages: [build-base], network: true}
//	trim:                       # what is left out of the packages, and what that saves
//	  - {path: usr/share/man, saves: 1.2MB, why: nobody reads manuals in an action}
//	bytecode: [usr/lib/python3*] # for Python: sources that are in the image as bytecode,
//	source: [usr/lib/python3*/unittest] # and those of them that stay source
//
// In the image, everything of stemcell NAME is in [Stemcell.Dir], /usr/lib/mkimage/NAME. There the proxy finds the file
// "stemcell", which says the protocol and the main files (see [Stemcell.Settings]); $OW_LAUNCHER lists the launchers
// of all stemcells, in their order, as in PATH.
package stemcells

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

//go:embed */*
var shipped embed.FS

// root is the folder of the image for the files of stemcells.
const root = "usr/lib/mkimage"

// Stemcell is a language.
type Stemcell struct {
	Name        string            `yaml:"name"`
	Description string            `yaml:"description"`
	Packages    []string          `yaml:"packages"`
	Launcher    string            `yaml:"launcher"`
	Protocol    string            `yaml:"protocol"`
	Main        []string          `yaml:"main"`
	Files       []string          `yaml:"files"`
	Env         map[string]string `yaml:"env"`
	Trim        []Trim            `yaml:"trim"`
	Bytecode    []string          `yaml:"bytecode"` // paths of sources in Python, as in a Trim, in whose place their bytecode goes,
	Source      []string          `yaml:"source"`   // and of those that stay
	Run         images.Steps      `yaml:"run"`

	content map[string][]byte // of the launcher and the other files
}

// Trim is something that is left out of the packages.
type Trim struct {
	// Path has no leading slash. * and ? stand for characters of one element, ** for any number of elements. A
	// folder goes with all that is in it.
	Path string `yaml:"path"`
	// Saves is the docker size of the files that it matched when it was written, such as 1.2MB.
	Saves string `yaml:"saves"`
	Why   string `yaml:"why"`
}

// Set holds stemcells by name.
type Set map[string]Stemcell

// Shipped returns the stemcells that travel inside the program.
func Shipped() (Set, error) { return Load(shipped, "stemcells") }

// Load reads every folder that holds a stemcell.yaml. shown is the name of files in messages.
func Load(files fs.FS, shown string) (Set, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		if system := (*fs.PathError)(nil); errors.As(err, &system) { // whose path is ".", not the one that is shown
			err = system.Err
		}
		return nil, fmt.Errorf("list stemcells in %s: %w", shown, err)
	}
	set := Set{}
	for _, entry := range entries {
		name := entry.Name()
		if _, err := fs.Stat(files, path.Join(name, definition)); err != nil {
			continue
		}
		folder, err := fs.Sub(files, name)
		if err != nil {
			return nil, err
		}
		stemcell, err := read(folder, name, path.Join(shown, name, definition))
		if err != nil {
			return nil, err
		}
		set[name] = stemcell
	}
	return set, nil
}

// Known returns the names with the packages of each, for [images.Load].
func (s Set) Known() images.Stemcells {
	known := images.Stemcells{}
	for name, stemcell := range s {
		known[name] = stemcell.Packages
	}
	return known
}

// Names returns the names in order.
func (s Set) Names() []string { return slices.Sorted(maps.Keys(s)) }

// Pick returns the named stemcells, in that order.
func (s Set) Pick(names []string) ([]Stemcell, error) {
	var picked []Stemcell
	for _, name := range names {
		stemcell, ok := s[name]
		if !ok {
			return nil, fmt.Errorf("there is no stemcell %q", name)
		}
		picked = append(picked, stemcell)
	}
	return picked, nil
}

// Dir returns the folder in the image for the stemcell's files, without a leading slash.
func (s Stemcell) Dir() string { return path.Join(root, s.Name) }

// Paths returns the patterns of Trim.
func (s Stemcell) Paths() []string {
	var paths []string
	for _, trim := range s.Trim {
		paths = append(paths, trim.Path)
	}
	return paths
}

// File is a file of a stemcell in the image.
type File struct {
	Path    string // without a leading slash
	Program bool   // it may be executed
	Content []byte
}

// Image returns the files that go into the image, sorted by path; none for a stemcell without a launcher.
func (s Stemcell) Image() []File {
	if s.Launcher == "" {
		return nil
	}
	files := []File{{Path: path.Join(s.Dir(), "stemcell"), Content: s.Settings()}}
	for name, content := range s.content {
		files = append(files, File{Path: path.Join(s.Dir(), name), Program: name == s.Launcher, Content: content})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// Settings returns the text that the proxy reads beside the launcher: a line "protocol NAME", and a line "main FILE"
// for each main file, in order.
func (s Stemcell) Settings() []byte {
	text := "protocol " + s.Protocol + "\n"
	for _, name := range s.Main {
		text += "main " + name + "\n"
	}
	return []byte(text)
}

// Launchers returns the value of $OW_LAUNCHER: the launchers in the image as a list, as in PATH. It is "" where no
// stemcell has one.
func Launchers(stemcells []Stemcell) string {
	var launchers []string
	for _, stemcell := range stemcells {
		if stemcell.Launcher != "" {
			launchers = append(launchers, "/"+path.Join(stemcell.Dir(), stemcell.Launcher))
		}
	}
	return strings.Join(launchers, ":")
}
