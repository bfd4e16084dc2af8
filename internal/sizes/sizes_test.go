package sizes

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMeasure(t *testing.T) {
	base := archive(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "bin/"},
		tar.Header{Typeflag: tar.TypeReg, Name: "bin/busybox", Size: 700},
		tar.Header{Typeflag: tar.TypeLink, Name: "bin/sh", Linkname: "bin/busybox"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/ls", Linkname: "busybox"},
	)
	proxy := archive(t, tar.Header{Typeflag: tar.TypeReg, Name: "bin/proxy", Size: 1600})
	img, err := mutate.Append(empty.Image,
		mutate.Addendum{Layer: static.NewLayer(base, types.OCIUncompressedLayer), History: v1.History{CreatedBy: "mkimage base"}},
		mutate.Addendum{Layer: static.NewLayer(proxy, types.OCIUncompressedLayer), History: v1.History{CreatedBy: "mkimage proxy"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	inputs := map[string]string{"toolchain": "go1.26.8"}
	row, err := Measure("scratch", "linux/amd64", img, inputs)
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

func TestLayerNames(t *testing.T) {
	tests := []struct {
		name    string
		history []v1.History
		want    []string
	}{
		{"ours", []v1.History{{CreatedBy: "mkimage base"}, {CreatedBy: "mkimage proxy"}}, []string{"base", "proxy"}},
		{"an empty layer between", []v1.History{{CreatedBy: "mkimage base"}, {CreatedBy: "ENV A=b", EmptyLayer: true}, {CreatedBy: "mkimage proxy"}}, []string{"base", "proxy"}},
		{"somebody else's", []v1.History{{CreatedBy: "RUN make all"}, {CreatedBy: "mkimage proxy"}}, []string{"layer 1", "proxy"}},
		{"none", nil, []string{"layer 1", "layer 2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, layerNames(test.history, 2)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAdd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dist", "sizes.json")
	row := func(name, platform string, size int64) Image {
		return Image{Name: name, Platform: platform, DockerSize: size, Layers: []Layer{}}
	}
	steps := []struct {
		name    string
		rows    []Image
		changed bool
		want    []Image
	}{
		{"first build", []Image{row("scratch", "linux/arm64", 2), row("scratch", "linux/amd64", 1)}, true,
			[]Image{row("scratch", "linux/amd64", 1), row("scratch", "linux/arm64", 2)}},
		{"the same again", []Image{row("scratch", "linux/amd64", 1)}, false,
			[]Image{row("scratch", "linux/amd64", 1), row("scratch", "linux/arm64", 2)}},
		{"one platform grows", []Image{row("scratch", "linux/amd64", 3)}, true,
			[]Image{row("scratch", "linux/amd64", 3), row("scratch", "linux/arm64", 2)}},
		{"another image", []Image{row("bash", "linux/amd64", 4)}, true,
			[]Image{row("bash", "linux/amd64", 4), row("scratch", "linux/amd64", 3), row("scratch", "linux/arm64", 2)}},
	}
	for _, step := range steps {
		changed, err := Add(path, step.rows...)
		if err != nil {
			t.Fatal(step.name, err)
		}
		if changed != step.changed {
			t.Errorf("%s: changed = %v", step.name, changed)
		}
		record, err := Read(path)
		if err != nil {
			t.Fatal(step.name, err)
		}
		want := Record{Schema: 1, Images: step.want, References: References()}
		if diff := cmp.Diff(want, record); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no JSON", `{"schema": 1`, "unexpected end"},
		{"a later schema", `{"schema": 2, "planets": []}`, "schema 2"},
		{"an unknown field", `{"schema": 1, "planets": []}`, `unknown field "planets"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, row := range []Record{{Schema: 1}, sample()} {
		text, err := row.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"schema": 2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		record, err := Parse(text)
		if err != nil {
			return
		}
		once, err := record.With().Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(once)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := again.With().Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(once, twice) {
			t.Errorf("written twice:\n%s\n%s", once, twice)
		}
	})
}

func TestUpdateRefusesSpecialRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sizes.json")
	built := Record{Schema: 1, Images: []Image{{Name: "scratch", Platform: "linux/amd64", Inputs: map[string]string{InputProxy: "sha256:12"}}}}
	if _, err := built.Update(path, false); err == nil || !strings.Contains(err.Error(), "another proxy") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the record was written: %v", err)
	}
	renamed, err := built.As("scratch-mine")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := renamed.Update(path, true); err != nil {
		t.Fatal(err)
	}
	record, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(record.Images) != 1 || record.Images[0].Name != "scratch-mine" {
		t.Errorf("got %+v", record.Images)
	}
}

func TestAsRefusesSeveralImages(t *testing.T) {
	built := Record{Images: []Image{{Name: "bash"}, {Name: "scratch"}}}
	if _, err := built.As("mine"); err == nil {
		t.Error("bash and scratch were both taken as mine")
	}
}

func TestFactor(t *testing.T) {
	reference := Reference{DockerSize: 109_000_000}
	tests := []struct {
		size int64
		want string
	}{
		{1_660_000, "65x smaller"},
		{10_900_000, "10x smaller"},
		{10_900_001, "9.9x smaller"},
		{60_000_000, "1.8x smaller"},
		{109_000_000, "same size"},
		{229_000_000, "2.1x larger"},
		{0, ""},
	}
	for _, test := range tests {
		if got := reference.Factor(test.size); got != test.want {
			t.Errorf("Factor(%d) = %q, want %q", test.size, got, test.want)
		}
	}
}

func TestFormat(t *testing.T) {
	tests := map[int64]string{0: "0 B", 999: "999 B", 1000: "1.00 kB", 9_994: "9.99 kB", 9_996: "10.0 kB", 99_960: "100 kB",
		999_499: "999 kB", 999_999: "1.00 MB", 1_605_000: "1.60 MB", 10_400_000: "10.4 MB", 109_000_000: "109 MB", 2_890_000_000: "2.89 GB"}
	for bytes, want := range tests {
		if got := Format(bytes); got != want {
			t.Errorf("Format(%d) = %q, want %q", bytes, got, want)
		}
	}
}

func TestRender(t *testing.T) {
	tests := []struct {
		name   string
		record Record
	}{
		{"sample", sample()},
		{"empty", Record{Schema: 1, References: References()}},
	}
	for _, test := range tests {
		for _, format := range Formats() {
			t.Run(test.name+"."+format, func(t *testing.T) {
				var got bytes.Buffer
				if err := test.record.Render(&got, format); err != nil {
					t.Fatal(err)
				}
				golden(t, test.name+"."+format, got.Bytes())
			})
		}
	}
	if err := sample().Render(&bytes.Buffer{}, "svg"); err == nil || !strings.Contains(err.Error(), "markdown") {
		t.Errorf("svg: %v", err)
	}
}

func TestSummary(t *testing.T) {
	golden(t, "summary", []byte(strings.Join(Summary(sample().Images), "\n")+"\n"))
}

func TestCheck(t *testing.T) {
	over := sample().Check(map[string]int64{"bash": 4_000_000, "scratch": 2_000_000})
	if len(over) != 1 {
		t.Fatalf("got %v", over)
	}
	want := "bash (linux/amd64) is 6.60 MB, over its budget of 4.00 MB by 2.60 MB; heaviest layers: stemcell-bash 3.10 MB, base 1.90 MB, proxy 1.60 MB"
	if got := over[0].String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func sample() Record {
	return Record{}.With(
		Image{Name: "scratch", Platform: "linux/arm64", Digest: "sha256:a2", DockerSize: 1_650_000, CompressedSize: 690_000, TarSize: 1_660_000,
			Inputs: map[string]string{"toolchain": "go1.26.8"},
			Layers: []Layer{{"proxy", "sha256:12", 1_650_000, 689_000}}},
		Image{Name: "scratch", Platform: "linux/amd64", Digest: "sha256:a1", DockerSize: 1_600_000, CompressedSize: 700_000, TarSize: 1_610_000,
			Inputs: map[string]string{"toolchain": "go1.26.8"},
			Layers: []Layer{{"proxy", "sha256:11", 1_600_000, 699_000}}},
		Image{Name: "bash", Platform: "linux/amd64", Digest: "sha256:b1", DockerSize: 6_600_000, CompressedSize: 3_000_000, TarSize: 6_700_000,
			Inputs: map[string]string{"toolchain": "go1.26.8", "packages": "of a test mirror"},
			Layers: []Layer{{"base", "sha256:21", 1_900_000, 1_000_000}, {"stemcell-bash", "sha256:22", 3_100_000, 1_200_000}, {"proxy", "sha256:11", 1_600_000, 699_000}}},
	)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (rewrite it with -update): %s", path, diff)
	}
}

func archive(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, header := range headers {
		if err := w.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, header.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}
