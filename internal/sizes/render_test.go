package sizes

import (
	"bytes"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

var update = flag.Bool("update", false, "rewrite the golden files")

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

func TestRender(t *testing.T) {
	tests := []struct {
		name   string
		record Record
	}{
		{"sample", sample()},
		{"empty", Record{Schema: 1, References: References()}},
	}
	for _, test := range tests {
		for _, format := range []string{"table", "markdown", "json", "csv"} {
			t.Run(test.name+"."+format, func(t *testing.T) {
				var got bytes.Buffer
				if err := test.record.Render(&got, format); err != nil {
					t.Fatal(err)
				}
				golden(t, test.name+"."+format, got.Bytes())
			})
		}
	}
	if err := sample().Render(&bytes.Buffer{}, "xml"); err == nil || !strings.Contains(err.Error(), "markdown") {
		t.Errorf("xml: %v", err)
	}
}

func TestSummaryOfMany(t *testing.T) {
	var rows []Image
	for i := range many + 1 {
		rows = append(rows, Image{Name: fmt.Sprintf("a%d", i), Platform: "linux/amd64", DockerSize: int64(1_000_000 + 1_000_000*i)})
	}
	want := []string{"41 images weigh from 1.00 MB (a0, linux/amd64) to 41.0 MB (a40, linux/amd64); the size record has them all"}
	if diff := cmp.Diff(want, Summary(rows, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestSummary(t *testing.T) {
	golden(t, "summary", []byte(strings.Join(Summary(sample().Images, 0), "\n")+"\n"))
}

// TestSummaryFits holds that lines do not wrap: less is compared in a narrow place.
func TestSummaryFits(t *testing.T) {
	rows := sample().Images[:1]
	for columns, want := range map[int]string{
		120: "bash  linux/amd64  6.60 MB  (3.00 MB compressed)  16x smaller than dockerskeleton, 43x smaller than python3action",
		82:  "bash  linux/amd64  6.60 MB  (3.00 MB compressed)  16x smaller than dockerskeleton",
		60:  "bash  linux/amd64  6.60 MB  (3.00 MB compressed)",
		20:  "bash  linux/amd64  6.60 MB  (3.00 MB compressed)",
	} {
		if diff := cmp.Diff([]string{want}, Summary(rows, columns)); diff != "" {
			t.Errorf("%d columns: %s", columns, diff)
		}
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
		Image{Name: "ruby", Platform: "linux/amd64", Digest: "sha256:c1", DockerSize: 20_600_000, CompressedSize: 8_400_000, TarSize: 20_700_000,
			Inputs: map[string]string{"toolchain": "go1.26.8", "packages": "of a test mirror"},
			Layers: []Layer{{"base", "sha256:21", 1_900_000, 1_000_000}, {"stemcell-ruby", "sha256:32", 17_100_000, 6_600_000}, {"proxy", "sha256:11", 1_600_000, 699_000}}},
	)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	testkit.Golden(t, filepath.Join("testdata", name+".golden"), got, *update)
}
