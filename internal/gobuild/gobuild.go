// Package gobuild compiles a Go program for the inside of an image: static, and with the same bytes on every machine.
package gobuild

import (
	"context"
	"errors"
	"io/fs"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
)

// Module is a Go module to compile from, with the one toolchain that its go.mod names.
type Module struct {
	Source fs.FS // go.mod at its root
	Cache  cache.Dir
}

// Build compiles the package at dir ("./proxy") for a platform and returns the static ELF file.
func (m Module) Build(ctx context.Context, dir string, platform images.Platform) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Toolchain returns the version of Go that the module is compiled with, such as "go1.26.8".
func (m Module) Toolchain() (string, error) { return "", errors.ErrUnsupported }

// ReadStatic returns the file of --proxy FILE after checking that it is a static ELF program for the one platform.
func ReadStatic(path string, platforms []images.Platform) ([]byte, error) {
	return nil, errors.ErrUnsupported
}
