package buildkit

import (
	"testing"

	digest "github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
)

// TestForeignDigest holds that a digest from a builder cannot lead to another file of this machine.
func TestForeignDigest(t *testing.T) {
	d := &disk{dir: t.TempDir()}
	for _, sum := range []string{"", "sha256", "sha256:../../etc/passwd", "../sha256:00"} {
		if _, err := d.layer("run-1", ocispec.Descriptor{Digest: digest.Digest(sum)}, cache.Dir{}); err == nil {
			t.Errorf("%q is taken", sum)
		}
	}
}
