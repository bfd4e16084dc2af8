package layout

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// sample returns an index with an image of random content for each platform.
func sample(t *testing.T, platforms ...string) v1.ImageIndex {
	t.Helper()
	var index v1.ImageIndex = empty.Index
	for _, platform := range platforms {
		p, err := v1.ParsePlatform(platform)
		if err != nil {
			t.Fatal(err)
		}
		image, err := random.Image(2000, 1)
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		config = config.DeepCopy()
		config.OS, config.Architecture = p.OS, p.Architecture
		image, err = mutate.ConfigFile(mutate.ConfigMediaType(mutate.MediaType(image, types.OCIManifestSchema1), types.OCIConfigJSON), config)
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: p}})
	}
	return index
}

// TestRead: layouts are read as other tools write them.
func TestRead(t *testing.T) {
	here := "linux/" + runtime.GOARCH
	index := sample(t, here, "linux/s390x")
	images := imagesOf(t, index)
	bare := func(image v1.Image) mutate.IndexAddendum { return mutate.IndexAddendum{Add: image} }
	named := func(add mutate.Appendable, name string) mutate.IndexAddendum {
		return mutate.IndexAddendum{Add: add, Descriptor: v1.Descriptor{Annotations: map[string]string{ocispec.AnnotationRefName: name}}}
	}
	attestation := mutate.IndexAddendum{Add: images[1], Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}}
	both := here + " linux/s390x"
	tests := []struct {
		name   string
		top    v1.ImageIndex
		wanted string // after the folder
		want   string // platforms, or the end of the error
	}{
		{"an index, as mkimage writes it", indexOf(named(index, "latest")), "", both},
		{"an image, as skopeo and podman write it", indexOf(named(images[0], "x")), "", here},
		{"an image without a name, as crane writes it", indexOf(bare(images[0])), "", here},
		{"an image of another machine", indexOf(bare(images[1])), "", "linux/s390x"},
		{"one image under two names", indexOf(named(index, "a"), named(index, "b")), "", both},
		{"the platforms of an image", indexOf(bare(images[0]), bare(images[1])), "", both},
		{"an index in an index", indexOf(named(indexOf(mutate.IndexAddendum{Add: index}), "x")), "", both},
		{"an index with an attestation", indexOf(named(mutate.AppendManifests(sample(t, here), attestation), "x")), "", here},
		{"an index without platforms", indexOf(named(indexOf(bare(images[0]), bare(images[1])), "x")), "", both},
		{"several images, one of them latest", indexOf(named(images[1], "old"), named(images[0], "latest")), "", here},
		{"one of several images", indexOf(named(images[1], "old"), named(images[0], "latest")), ":old", "linux/s390x"},
		{"several images", indexOf(named(images[1], "a"), named(images[0], "b")), "", "it has several images: name one as FOLDER:NAME, of a, b"},
		{"none of several images", indexOf(named(images[1], "a"), named(images[0], "b")), ":c", `it has no image "c": it has a, b`},
		{"nothing", empty.Index, "", "it has no image"},
		{"an attestation alone", indexOf(named(indexOf(attestation), "x")), "", "it has no image that can run"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "image")
			if _, err := ocilayout.Write(dir, test.top); err != nil {
				t.Fatal(err)
			}
			found, ok := Find(dir + test.wanted)
			if !ok || Name(found) != "image" {
				t.Fatalf("found %q, %t", found, ok)
			}
			read, err := Read(found)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				manifest, err := read.IndexManifest()
				if err != nil {
					t.Fatal(err)
				}
				for _, entry := range manifest.Manifests {
					got += " " + entry.Platform.String()
				}
			}
			if !strings.HasSuffix(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestReadKeepsTheIndex holds that an index that needs no change keeps its digest.
func TestReadKeepsTheIndex(t *testing.T) {
	index := sample(t, "linux/amd64", "linux/arm64")
	dir := t.TempDir()
	if _, err := ocilayout.Write(dir, indexOf(mutate.IndexAddendum{Add: index})); err != nil {
		t.Fatal(err)
	}
	read, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := index.Digest()
	if got, err := read.Digest(); got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestReadThatIsNone(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", "{", "[]"} {
		if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(dir); err == nil || strings.Contains(err.Error(), "\n") || json.Valid([]byte(text)) && !strings.Contains(err.Error(), dir) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
