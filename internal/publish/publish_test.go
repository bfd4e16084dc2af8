package publish

import (
	"context"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// sample is an index with random content.
func sample(t *testing.T, platforms ...string) v1.ImageIndex {
	t.Helper()
	var index v1.ImageIndex = empty.Index
	for _, platform := range platforms {
		layer, err := random.Layer(2000, types.OCILayer)
		if err != nil {
			t.Fatal(err)
		}
		index = add(t, index, platform, layer)
	}
	return index
}

// add adds an image with these layers to an index.
func add(t *testing.T, index v1.ImageIndex, platform string, layers ...v1.Layer) v1.ImageIndex {
	t.Helper()
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		t.Fatal(err)
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if img, err = mutate.ConfigFile(img, &v1.ConfigFile{OS: p.OS, Architecture: p.Architecture, RootFS: v1.RootFS{Type: "layers"}}); err != nil {
		t.Fatal(err)
	}
	if img, err = mutate.AppendLayers(img, layers...); err != nil {
		t.Fatal(err)
	}
	return mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: p}})
}

// writeTo writes to a place that is no registry.
func writeTo(ctx context.Context, output Output, image string, index v1.ImageIndex) (Result, error) {
	return new(Publisher).Write(ctx, output, Image{Name: image, Index: index}, func(string) {})
}

func write(t *testing.T, output Output, index v1.ImageIndex) Result {
	t.Helper()
	result, err := writeTo(t.Context(), output, "scratch", index)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func digest(t *testing.T, index v1.ImageIndex) v1.Hash {
	t.Helper()
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// sharing returns two indexes of one image that have a layer in common.
func sharing(t *testing.T) (first, second v1.ImageIndex) {
	t.Helper()
	common, err := random.Layer(3000, types.OCILayer)
	if err != nil {
		t.Fatal(err)
	}
	return sampleOn(t, common), sampleOn(t, common)
}

// sampleOn is an index of an image that has a layer of its own on the given one.
func sampleOn(t *testing.T, common v1.Layer) v1.ImageIndex {
	t.Helper()
	own, err := random.Layer(1000, types.OCILayer)
	if err != nil {
		t.Fatal(err)
	}
	return add(t, empty.Index, "linux/amd64", common, own)
}
