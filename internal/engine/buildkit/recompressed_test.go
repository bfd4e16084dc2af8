package buildkit_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
)

// TestOtherCompressor holds that a builder that knows a layer from a mkimage with another compressor takes the bytes of
// this one.
func TestOtherCompressor(t *testing.T) {
	t.Parallel()
	e := open(t, buildkit.Options{})
	made := plans(t, "x")
	if _, err := e.Build(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	for i := range made {
		for n, l := range made[i].Layers {
			made[i].Layers[n].Layer = recompress(t, l.Layer)
		}
	}
	want, err := embedded.Engine{}.Build(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Build(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := want.Digest()
	b, _ := got.Digest()
	if a != b {
		t.Errorf("got %s, want %s", b, a)
	}
}

// recompressed is a layer of other bytes that unpack to the same.
type recompressed struct {
	v1.Layer
	bytes []byte
}

func recompress(t *testing.T, l v1.Layer) recompressed {
	t.Helper()
	content, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.Copy(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return recompressed{l, b.Bytes()}
}

func (r recompressed) Digest() (v1.Hash, error) {
	sum, _, err := v1.SHA256(bytes.NewReader(r.bytes))
	return sum, err
}

func (r recompressed) Size() (int64, error) { return int64(len(r.bytes)), nil }

func (r recompressed) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(r.bytes)), nil
}
