// Package source holds the source of the proxy as it is compiled into images, so that mkimage can compile it wherever
// there is a Go toolchain: the proxy needs nothing outside the standard library.
package source

import (
	"embed"
	"io/fs"
)

//go:embed go.mod proxy
var files embed.FS

// Files returns the module of the proxy: go.mod, which names the toolchain, and the folder proxy.
func Files() fs.FS { return files }
