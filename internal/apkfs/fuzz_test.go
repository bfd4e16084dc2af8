package apkfs

import (
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
)

// FuzzReadFiles gives the reader of a package's files any bytes: a valid signature does not make a package harmless.
func FuzzReadFiles(f *testing.F) {
	mirror, err := apktest.New(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	if err := mirror.Add(release, "main", "x86_64", apktest.Base(release)...); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		p := &unpacked{pin: images.Pin{Name: "a", Version: "1"}}
		if err := p.readFiles(raw); err != nil {
			return
		}
		for _, file := range p.files {
			if strings.HasPrefix(file.path, "/") || strings.Contains("/"+file.path+"/", "/../") {
				t.Errorf("%q leads out", file.path)
			}
		}
	})
}

// FuzzSignatures gives the reader of an index's signatures any bytes: they come before anything is verified.
func FuzzSignatures(f *testing.F) {
	f.Add([]byte("<html>"))
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = signatures(raw) })
}

// FuzzOpen gives any bytes for a package.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("<html>"), "Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	f.Fuzz(func(t *testing.T, raw []byte, checksum string) {
		if _, err := unpack(raw, images.Pin{Name: "a", Version: "1", Checksum: checksum, Size: int64(len(raw))}); err == nil {
			t.Error("opened")
		}
	})
}
