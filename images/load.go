package images

import (
	"errors"
	"io/fs"
)

// Folder is a place that holds definitions.
type Folder struct {
	path  string
	files fs.FS
}

// Shipped returns the definitions that travel inside the program.
func Shipped() Folder { return Folder{path: "images"} }

// Dir returns the folder of definitions at path.
func Dir(path string) Folder { return Folder{path: path} }

// Names lists the images of the folder, sorted.
func (f Folder) Names() ([]string, error) { return nil, errors.ErrUnsupported }

// Load reads the definitions that the arguments name, or all of the folder when there is none. An argument with a
// slash, or that ends in .yaml, is a file.
func Load(folder Folder, known Stemcells, args ...string) ([]Definition, error) {
	return nil, errors.ErrUnsupported
}

// ParsePlatforms reads a list as the --platform flag has it: "linux/amd64,linux/arm64".
func ParsePlatforms(list string) ([]Platform, error) { return nil, errors.ErrUnsupported }
