// Package images holds the image definitions, the files NAME.yaml that describe the content of an image, and reads
// them.
//
// The definitions beside this file are embedded, so that an installed mkimage works in any folder:
//
//	definitions, err := images.Load(images.Shipped(), nil, "scratch")
//
// Loading is strict. An unknown key, a value of the wrong type or an impossible combination is an [Error] with file,
// line and column, and with the nearest valid word where one is near.
package images

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Bases of an image.
const (
	Scratch = "scratch" // nothing
	Alpine  = "alpine"  // a few Alpine packages
)

// Definition is the content of one image.
type Definition struct {
	// Name of the image in references, and of its file without ".yaml".
	Name string `json:"name"`
	// The purpose of the image, on one line.
	Description string `json:"description,omitempty"`
	// The base of the file system.
	Base string `json:"base"`
	// The Alpine release, for base alpine.
	Alpine string `json:"alpine,omitempty"`
	// Languages, in order.
	Stemcells []string `json:"stemcells,omitempty"`
	// More Alpine packages, for base alpine.
	Packages []string `json:"packages,omitempty"`
	// Scripts that a builder runs on the image's file system, for base alpine. Every step makes a layer.
	Run []Step `json:"run,omitempty"`
	// Files of the image by their paths in it, each with its source: a file beside the definition. {arch} in a source stands for the machine, such as amd64.
	Files map[string]string `json:"files,omitempty"`
	// The program that a container starts and its first arguments, in place of the proxy: the image serves no actions then.
	Entrypoint []string `json:"entrypoint,omitempty"`
	// A path to bake in as the action, seen from the definition: a function's file or folder, a Go package's folder, a program, a script, a zip or a tar.gz.
	Action string `json:"action,omitempty"`
	// The function to call of an action that is a function; main when the key is not given.
	Main string `json:"main,omitempty"`
	// Environment of the proxy and of the action.
	Env map[string]string `json:"env,omitempty"`
	// Platforms to build for; linux/amd64 and linux/arm64 when the key is not given.
	Platforms []Platform `json:"platforms,omitempty"`
	// Labels of the image.
	Labels map[string]string `json:"labels,omitempty"`
	// The largest size of the image, as Docker counts it. MB is 10^6 bytes.
	Budget Size `json:"budget,omitempty"`

	// AnyPlatform says that the key platforms is not given, so that the image may be built for others too.
	AnyPlatform bool `json:"-"`
	// File is where the definition was read from.
	File string `json:"-"`
	// SHA256 is the sum of the file, in hexadecimal.
	SHA256 string `json:"-"`
	// Shipped says that the definition travels in the program, and with it the action that it names.
	Shipped bool `json:"-"`
}

// Beside returns the path of a file that the definition names, which is absolute or seen from the definition.
func (d Definition) Beside(name string) string {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(d.File), name)
}

// Stemcells says which stemcells there are: the name of each, and the Alpine packages that it needs.
// Where it is nil, the names of stemcells are not checked.
type Stemcells map[string][]string

// Error is a mistake in a definition. Line and Column count from 1; they are 0 for a mistake of the whole file.
type Error struct {
	File       string
	Line       int
	Column     int
	Message    string
	Suggestion string   // the nearest valid word, or ""
	Choices    []string // all valid words, where they are worth telling
}

func (e *Error) Error() string {
	text := e.Message
	if e.Line > 0 {
		text = fmt.Sprintf("%d:%d: %s", e.Line, e.Column, text)
	}
	switch {
	case e.File != "" && e.Line > 0:
		text = e.File + ":" + text
	case e.File != "":
		text = e.File + ": " + text
	}
	if e.Suggestion != "" {
		text += fmt.Sprintf(" (did you mean %q?)", e.Suggestion)
	}
	if len(e.Choices) > 0 {
		text += "; the keys are " + strings.Join(e.Choices, ", ")
	}
	return text
}
