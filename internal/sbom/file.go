package sbom

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Beside returns where the document of the image in a layout is: dist/scratch.spdx.json for dist/scratch.
func Beside(layout string) string {
	if whole, err := filepath.Abs(layout); err == nil && filepath.Base(layout) != filepath.Base(whole) {
		layout = whole // "." and the like have no name of their own
	}
	return filepath.Clean(layout) + ".spdx.json"
}

// ReadBeside returns the document beside a layout where it is one of ours about an image, by the digest of its index
// ("sha256:…"); false where there is none.
func ReadBeside(layout, digest string) ([]byte, bool) {
	text, err := os.ReadFile(Beside(layout))
	if err != nil {
		return nil, false
	}
	namespace := namespaceOf(text)
	return text, strings.HasPrefix(namespace, namespaces) && strings.HasSuffix(namespace, "@"+digest)
}

// Check returns an error where path is taken by something that mkimage has not written.
func Check(path string) error {
	if _, err := os.Stat(path); err != nil {
		return nil // nothing to replace; whether it can be written shows itself
	}
	own, err := isOwn(path)
	switch {
	case err != nil:
		return fmt.Errorf("write %s: %w", path, human.Reason(err))
	case !own:
		return fmt.Errorf("write %s: it is there, and was not made by mkimage; move it away, or build with --sbom none", path)
	}
	return nil
}

// Write writes a document to path, in the place of a former one. The same document stays as it is.
func Write(path string, document []byte) error {
	if err := Check(path); err != nil {
		return err
	}
	_, err := atomicfile.Edit(path, func([]byte) ([]byte, error) { return document, nil })
	if err != nil {
		return fmt.Errorf("write %s: %w", path, human.Reason(err))
	}
	return nil
}

// Remove removes the document that mkimage has written to path. Anything else stays.
func Remove(path string) error {
	own, err := isOwn(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) || !own {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", path, human.Reason(err))
	}
	return nil
}

// isOwn reports whether there is a document of ours.
func isOwn(path string) (bool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	return strings.HasPrefix(namespaceOf(text), namespaces), nil
}

// namespaceOf returns the namespace of a document, or "" if the text is no document.
func namespaceOf(text []byte) string {
	var head struct {
		Namespace string `json:"documentNamespace"`
	}
	if json.Unmarshal(text, &head) != nil {
		return ""
	}
	return head.Namespace
}
