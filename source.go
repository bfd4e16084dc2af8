// Package source holds the source of the proxy, of the openwhisk library and of the action that a shipped definition
// bakes in, so that mkimage can compile them wherever there is a Go toolchain: they need nothing outside the standard
// library.
package source

import (
	"embed"
	"io/fs"
)

//go:embed go.mod proxy openwhisk stemcells/go/examples/hello
var files embed.FS

// Files returns the module that is compiled: go.mod, which names the toolchain, and its folders.
func Files() fs.FS { return files }
