// Package inspect tells where the bytes of an image are: in which layers, packages and files.
//
//	report, err := inspect.Layout("dist/bash")
//	report, err := inspect.Remote(ctx, client, reference)
//	err = report.Write(os.Stdout)
//
// Of an image in a registry nothing is read but manifests, configs and what is attached: the record of its sizes says
// what its layers, packages and files weigh, the SBOM which packages there are. What nobody has attached is in
// Report.Unknown.
package inspect

import "github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"

// Schema is the version of the report's JSON form.
const Schema = 1

// Report is what is known of an image. Sizes are in bytes; one that is not known is left out.
type Report struct {
	Schema    int        `json:"schema"`
	Reference string     `json:"reference"` // NAME@DIGEST, or REPOSITORY@DIGEST
	Digest    string     `json:"digest"`
	Platforms []Platform `json:"platforms"`
	Attached  []Attached `json:"attached,omitempty"`
	Unknown   []string   `json:"unknown,omitempty"`  // what only the layers tell
	Warnings  []string   `json:"warnings,omitempty"` // what was attached and is not used, and why
}

// Platform is the image of one platform.
type Platform struct {
	Platform       string       `json:"platform"` // such as linux/amd64
	Digest         string       `json:"digest"`   // of the manifest
	DockerSize     int64        `json:"docker_size,omitempty"`
	CompressedSize int64        `json:"compressed_size"` // what a pull transfers: config and layers
	Layers         []Layer      `json:"layers"`          // from the lowest
	Packages       []Package    `json:"packages,omitempty"`
	Files          []sizes.File `json:"files,omitempty"` // the largest
}

// Layer is one layer of a [Platform].
type Layer struct {
	Name           string `json:"name"`
	Digest         string `json:"digest"`
	DockerSize     int64  `json:"docker_size,omitempty"`
	CompressedSize int64  `json:"compressed_size"`
}

// Package is a package, an Alpine one or a Go module. Those with a size come first, by falling size.
type Package struct {
	Name       string `json:"name"`
	Version    string `json:"version,omitempty"`
	License    string `json:"license,omitempty"`
	URL        string `json:"purl,omitempty"`
	DockerSize int64  `json:"docker_size,omitempty"`
}

// Attached is a document beside the image.
type Attached struct {
	Kind      string `json:"kind,omitempty"` // sbom, sizes, provenance; "" for what mkimage does not know
	Type      string `json:"type"`           // its artifact type
	Predicate string `json:"predicate,omitempty"`
	Digest    string `json:"digest"` // of its manifest
	Size      int64  `json:"size"`   // of the document
}
