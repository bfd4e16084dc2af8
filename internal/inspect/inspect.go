// Package inspect finds out where the bytes of an image are: in which layers, packages and files.
//
//	report, err := inspect.Layout("dist/bash")
//	report, err := inspect.Remote(ctx, client, reference)
//	err = report.Write(os.Stdout, terminal.Of(os.Stdout))
//
// Of an image in a registry, only manifests, configs and attachments are read: the size record has the sizes of layers,
// packages and files, and the SBOM has the packages. Facts that are not attached are listed in Report.Unknown.
package inspect

import "github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"

// Schema is the version of the report's JSON form.
const Schema = 1

// Report holds the known facts of an image. Sizes are in bytes; an unknown size is left out.
type Report struct {
	Schema    int        `json:"schema"`
	Reference string     `json:"reference"` // NAME@DIGEST, or REPOSITORY@DIGEST
	Digest    string     `json:"digest"`
	Platforms []Platform `json:"platforms"`
	Attached  []Attached `json:"attached,omitempty"`
	Unknown   []string   `json:"unknown,omitempty"`  // facts that only the layers tell
	Warnings  []string   `json:"warnings,omitempty"` // attachments that are not used, with the reason
}

// Platform is the image of one platform.
type Platform struct {
	Platform       string       `json:"platform"` // such as linux/amd64
	Digest         string       `json:"digest"`   // of the manifest
	DockerSize     int64        `json:"docker_size,omitempty"`
	CompressedSize int64        `json:"compressed_size"` // transferred by a pull: config and layers
	Layers         []Layer      `json:"layers"`          // from the lowest
	Packages       []Package    `json:"packages,omitempty"`
	Files          []sizes.File `json:"files,omitempty"` // the largest
	Tree           *sizes.Box   `json:"tree,omitempty"`  // layers, packages, files and parts of programs; of an image in a registry, the largest
	Findings       *Findings    `json:"findings,omitempty"`
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
	Kind      string `json:"kind,omitempty"` // sbom, sizes, provenance; "" for kinds that mkimage does not know
	Type      string `json:"type"`           // its artifact type
	Predicate string `json:"predicate,omitempty"`
	Digest    string `json:"digest"` // of its manifest
	Size      int64  `json:"size"`   // of the document
}
