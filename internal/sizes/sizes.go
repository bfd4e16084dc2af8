// Package sizes measures images, keeps the size record, and compares images with those that people run today.
//
//	row, err := sizes.Measure("scratch", "linux/amd64", img, map[string]string{"toolchain": "go1.26.8"})
//	changed, err := sizes.Add("dist/sizes.json", row)
//
// All sizes are in bytes; where text shows them, 1 MB is 10^6 bytes, as in the output of "docker images".
package sizes

import "slices"

// Schema is the version of the record's format.
const Schema = 1

// Record is the size record: the sizes of every image on every platform.
type Record struct {
	Schema     int         `json:"schema"`
	Images     []Image     `json:"images"` // sorted by name and platform
	References []Reference `json:"references"`
}

// Image is the size of one image on one platform.
type Image struct {
	Name           string            `json:"name"`
	Platform       string            `json:"platform"`        // such as "linux/amd64"
	Digest         string            `json:"digest"`          // of the platform's manifest
	DockerSize     int64             `json:"docker_size"`     // as "docker images" prints it
	CompressedSize int64             `json:"compressed_size"` // transferred by a pull: config and layers
	TarSize        int64             `json:"tar_size"`        // the uncompressed layers
	Inputs         map[string]string `json:"inputs,omitempty"`
	Layers         []Layer           `json:"layers"` // from the lowest
	Contents       *Contents         `json:"contents,omitempty"`
	From           string            `json:"from,omitempty"` // the record that has the row, in a view of two; see [Record.Under]
}

// Layer is one layer of an [Image].
type Layer struct {
	Name           string `json:"name"`   // such as "base" or "proxy"
	Digest         string `json:"digest"` // of the compressed layer
	DockerSize     int64  `json:"docker_size"`
	CompressedSize int64  `json:"compressed_size"`
}

// The inputs that mark a row whose image was not built as its definition says. Such a row enters the checked-in record
// only under another name, with --as.
const (
	InputAction  = "action"         // --action: digest of the baked action
	InputProxy   = "proxy"          // --proxy: digest of the given file
	InputRelease = "alpine-release" // another Alpine release than the definition's
)

// InputPackages is the name in an image's inputs that says that packages are not Alpine's own: the keys that signed
// them.
const InputPackages = "packages signed by"

// Special returns the first input that makes the image differ from its definition, or "".
func (i Image) Special() string {
	for _, input := range []string{InputAction, InputProxy, InputRelease} {
		if _, ok := i.Inputs[input]; ok {
			return input
		}
	}
	return ""
}

// Heaviest returns the layers by falling docker size.
func (i Image) Heaviest() []Layer {
	layers := slices.Clone(i.Layers)
	slices.SortStableFunc(layers, func(a, b Layer) int { return int(b.DockerSize - a.DockerSize) })
	return layers
}
