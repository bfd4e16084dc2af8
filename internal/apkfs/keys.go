package apkfs

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// The public keys of Alpine's builders, as the package alpine-keys has them in usr/share/apk/keys.
//
//go:embed keys/*.rsa.pub
var pinned embed.FS

// releaseKeys returns the names of the keys that sign Alpine's releases from v3.19 on. Alpine has had one for each
// architecture since 2021.
func releaseKeys(arch string) []string {
	number := map[string]string{
		"aarch64": "616ae350", "armv7": "616adfeb", "ppc64le": "616abc23", "riscv64": "616db30d", "s390x": "616ac3bc", "x86_64": "6165ee59",
	}[arch]
	if number == "" {
		return nil
	}
	return []string{"alpine-devel@lists.alpinelinux.org-" + number + ".rsa.pub"}
}

// trusted returns the keys that may sign an index, by name: Alpine's for that architecture, and the user's.
func (s *Source) trusted(arch string) (map[string][]byte, error) {
	keys := maps.Clone(s.extra)
	for _, name := range releaseKeys(arch) {
		key, err := pinned.ReadFile(path.Join("keys", name))
		if err != nil {
			return nil, err
		}
		keys[name] = key
	}
	return keys, nil
}

// readKeys reads public keys. The name of the file is the name of the key in signatures.
func readKeys(files []string) (map[string][]byte, error) {
	keys := map[string][]byte{}
	for _, file := range files {
		name := filepath.Base(file)
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the Alpine key %s: %w", file, human.Reason(err))
		}
		if _, err := publicKey(text); err != nil {
			return nil, fmt.Errorf("read the Alpine key %s: %w", file, err)
		}
		if !strings.HasSuffix(name, ".rsa.pub") {
			return nil, fmt.Errorf("the Alpine key %s is not called NAME.rsa.pub as in /etc/apk/keys: signatures refer to that name", file)
		}
		if other, again := keys[name]; again && !bytes.Equal(other, text) {
			return nil, fmt.Errorf("two different Alpine keys are called %s", name)
		}
		if own, err := pinned.ReadFile(path.Join("keys", name)); err == nil && !bytes.Equal(own, text) {
			return nil, fmt.Errorf("the Alpine key %s has the name of one of Alpine's, but is another key", file)
		}
		keys[name] = text
	}
	return keys, nil
}

// publicKey reads a key.
func publicKey(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("it is not a public key in PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("it is not an RSA key")
	}
	return key, nil
}

// ForeignSigners returns the keys, other than Alpine's, that signed the packages' indexes, or "".
func ForeignSigners(pins []images.Pin) string {
	names := map[string]bool{}
	for _, pin := range pins {
		if _, err := pinned.ReadFile(path.Join("keys", pin.Signer)); err != nil {
			names[strings.TrimSuffix(pin.Signer, ".rsa.pub")] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}
