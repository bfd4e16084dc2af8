package provenance

import (
	"encoding/base64"
	"encoding/hex"
	"runtime/debug"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/release"
)

// Self returns the program that runs as a material: its module with the commit or the checksum that it was compiled
// from, as far as the linker has written that down.
func Self(name string) Material {
	built, ok := debug.ReadBuildInfo()
	if !ok {
		built = &debug.BuildInfo{}
	}
	main := built.Main
	main.Version = release.Number()
	m := module(name, main)
	commit, modified := release.Revision()
	if commit != "" {
		m.Digest = map[string]string{"gitCommit": commit}
	}
	if modified {
		m.Annotations = map[string]any{"modified": true}
	}
	return m
}

// Linked returns a module that is part of the program that runs, with its checksum, or false when it is not.
func Linked(path string) (Material, bool) {
	built, ok := debug.ReadBuildInfo()
	if !ok {
		return Material{}, false
	}
	for _, dependency := range built.Deps {
		if dependency.Path == path && dependency.Replace == nil {
			return module(path, *dependency), true
		}
	}
	return Material{}, false
}

// module returns a Go module. One that was compiled from a folder has no version and no checksum.
func module(name string, m debug.Module) Material {
	made := Material{Name: name, URI: GoURL(m.Path, m.Version)}
	if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:")); err == nil && len(sum) > 0 {
		made.Digest = map[string]string{"dirHash": hex.EncodeToString(sum)}
	}
	return made
}

// GoURL returns the package URL of a Go module.
func GoURL(path, version string) string {
	if version == "(devel)" {
		version = ""
	}
	namespace, name := "", path
	if slash := strings.LastIndexByte(path, '/'); slash >= 0 {
		namespace, name = path[:slash], path[slash+1:]
	}
	return packageurl.NewPackageURL(packageurl.TypeGolang, namespace, name, version, nil, "").ToString()
}
