package provenance

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

// The names of materials that are not files of users.
const (
	SourceName    = "source"              // a checkout
	SelfName      = "mkimage"             // the program that builds
	ProxySource   = "source of the proxy" // which is compiled
	ProxyName     = "proxy"               // a ready one
	ToolchainName = "toolchain"           // that compiles
)

// Stemcell returns the name of a stemcell's material.
func Stemcell(name string) string { return "stemcell " + name }

// SHA256 returns a digest such as "sha256:…" as a material has it.
func SHA256(digest string) (map[string]string, error) {
	sum, ok := strings.CutPrefix(digest, "sha256:")
	if raw, err := hex.DecodeString(sum); !ok || err != nil || len(raw) != sha256.Size {
		return nil, fmt.Errorf("%q is not a SHA-256 digest", digest)
	}
	return map[string]string{"sha256": sum}, nil
}

// File returns a file as a material.
func File(name string, content []byte) Material {
	return Material{Name: name, Digest: map[string]string{"sha256": fmt.Sprintf("%x", sha256.Sum256(content))}}
}

// Files returns several files as one material, by the hash that Go has for the files of a module
// (https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash).
func Files(name, uri string, contents map[string][]byte) (Material, error) {
	names := slices.Collect(maps.Keys(contents))
	sum, err := dirhash.Hash1(names, func(name string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(string(contents[name]))), nil
	})
	if err != nil {
		return Material{}, err
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:"))
	return Material{Name: name, URI: uri, Digest: map[string]string{"dirHash": hex.EncodeToString(raw)}}, err
}
