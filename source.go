// Package source holds the source of the proxy, of the openwhisk library and of the action that a shipped definition
// bakes in, and the pipelines of new projects, so that mkimage can compile them wherever there is a Go toolchain: they need nothing outside the standard
// library.
package source

import (
	"embed"
	"io/fs"
)

//go:embed go.mod proxy openwhisk stemcells/go/examples/hello
var files embed.FS

//go:embed ci/github/images.yml ci/gitlab/.gitlab-ci.yml
var pipelines embed.FS

// Pipelines returns the pipelines that projects begin with.
func Pipelines() fs.FS { return pipelines }

// Files returns the module that is compiled: go.mod, which names the toolchain, and its folders.
func Files() fs.FS { return files }
