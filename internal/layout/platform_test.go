package layout

import (
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// imagesOf returns the images of an index, in order.
func imagesOf(t *testing.T, index v1.ImageIndex) []v1.Image {
	t.Helper()
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var images []v1.Image
	for _, entry := range manifest.Manifests {
		image, err := index.Image(entry.Digest)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, image)
	}
	return images
}

// indexOf returns an index with entries as they are given.
func indexOf(entries ...mutate.IndexAddendum) v1.ImageIndex {
	return mutate.IndexMediaType(mutate.AppendManifests(empty.Index, entries...), types.OCIImageIndex)
}

// TestPick holds that the image to run is found in the indexes that other tools write.
func TestPick(t *testing.T) {
	here := "linux/" + runtime.GOARCH
	images := imagesOf(t, sample(t, here, "linux/s390x", "linux/ppc64le"))
	entry := func(image v1.Image, platform *v1.Platform) mutate.IndexAddendum {
		return mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}}
	}
	own, other := &v1.Platform{OS: "linux", Architecture: runtime.GOARCH}, &v1.Platform{OS: "linux", Architecture: "s390x"}
	attestation := entry(images[2], &v1.Platform{OS: "unknown", Architecture: "unknown"})
	annotated := entry(images[2], nil)
	annotated.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
	tests := []struct {
		name  string
		index v1.ImageIndex
		want  string // the platform, or the end of the error
	}{
		{"this machine's", indexOf(entry(images[1], other), entry(images[0], own)), here},
		{"of another machine, alone", indexOf(entry(images[1], other)), "linux/s390x"},
		{"beside an attestation", indexOf(entry(images[0], own), attestation), here},
		{"after an attestation", indexOf(attestation, entry(images[0], own)), here},
		{"of another machine, beside an attestation", indexOf(entry(images[1], other), attestation), "linux/s390x"},
		{"beside an attestation that only says so", indexOf(annotated, entry(images[0], own)), here},
		{"without a platform", indexOf(entry(images[0], nil)), here},
		{"without platforms", indexOf(entry(images[1], nil), entry(images[0], nil)), here},
		{"with half a platform", indexOf(entry(images[0], &v1.Platform{OS: "linux"})), here},
		{"of a variant", indexOf(entry(images[1], other), entry(images[0], &v1.Platform{OS: "linux", Architecture: runtime.GOARCH, Variant: "v8"})), here},
		{"in an index within", indexOf(mutate.IndexAddendum{Add: indexOf(entry(images[0], own))}), here},
		{"no image", indexOf(attestation), "the index has no image that can run"},
		{"none for this machine", indexOf(entry(images[1], other), entry(images[2], nil)), "with mkimage build --platform"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, got, err := Pick(test.index)
			if err != nil {
				got = err.Error()
			}
			if !strings.HasSuffix(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
