// Package images is the home of image definitions: the files NAME.yaml that say what an image holds.
//
// The definitions beside this file are embedded, so that an installed mkimage works in any directory:
//
//	folder := images.Shipped()
//	definitions, err := images.Load(folder, nil, "scratch")
//
// Loading is strict. An unknown key, a wrong type or an impossible combination is an [Error] with file, line and
// column, and with the nearest valid word where one is near.
package images

// Definition is one image definition. The zero value of an optional key means that the key was not given.
type Definition struct {
	Name        string            `yaml:"name"`
	Description string            `yaml:"description,omitempty"`
	Base        string            `yaml:"base"`
	Alpine      string            `yaml:"alpine,omitempty"`
	Stemcells   []string          `yaml:"stemcells,omitempty"`
	Packages    []string          `yaml:"packages,omitempty"`
	Action      string            `yaml:"action,omitempty"`
	Env         map[string]string `yaml:"env,omitempty"`
	Platforms   []Platform        `yaml:"platforms"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Budget      Size              `yaml:"budget,omitempty"`

	File string `yaml:"-"` // where the definition was read from, for messages and for a relative action path
}

// Platform is an operating system and a machine, as "linux/amd64".
type Platform string

// Size is a number of bytes.
type Size int64

// Stemcells says which stemcells there are: each one's name and the Alpine packages that it needs.
// With nil, names of stemcells are not checked.
type Stemcells map[string][]string
