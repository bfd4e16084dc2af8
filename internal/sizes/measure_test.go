package sizes

import (
	"archive/tar"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func TestMeasure(t *testing.T) {
	base := testkit.Layer(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "bin/"},
		tar.Header{Typeflag: tar.TypeReg, Name: "bin/busybox", Linkname: strings.Repeat("b", 700)},
		tar.Header{Typeflag: tar.TypeLink, Name: "bin/sh", Linkname: "bin/busybox"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/ls", Linkname: "busybox"},
	)
	proxy := testkit.Layer(t, tar.Header{Typeflag: tar.TypeReg, Name: "bin/proxy", Linkname: strings.Repeat("p", 1600)})
	img, err := mutate.Append(empty.Image,
		mutate.Addendum{Layer: static.NewLayer(base, types.OCIUncompressedLayer), History: v1.History{CreatedBy: "mkimage base"}},
		mutate.Addendum{Layer: static.NewLayer(proxy, types.OCIUncompressedLayer), History: v1.History{CreatedBy: "mkimage proxy"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	inputs := map[string]string{"toolchain": "go1.26.8"}
	row, err := Measure("scratch", "linux/amd64", img, inputs, cache.Dir{})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	want := Image{
		Name: "scratch", Platform: "linux/amd64", Digest: digest.String(), Inputs: inputs,
		DockerSize:     700 + int64(len("busybox")) + 1600,
		CompressedSize: manifest.Config.Size + int64(len(base)+len(proxy)),
		TarSize:        int64(len(base) + len(proxy)),
		Layers: []Layer{
			{"base", manifest.Layers[0].Digest.String(), 707, int64(len(base))},
			{"proxy", manifest.Layers[1].Digest.String(), 1600, int64(len(proxy))},
		},
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Error(diff)
	}
}
