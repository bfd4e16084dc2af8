package sizes

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func row(name string, docker, compressed int64) Image {
	return Image{Name: name, Platform: "linux/amd64", DockerSize: docker, CompressedSize: compressed}
}

func TestAgainst(t *testing.T) {
	former := Record{Images: []Image{row("bash", 7_000_000, 3_000_000), row("go", 2_100_000, 900_000), row("gone", 1, 1), row("ruby", 20_000_000, 9_000_000)}}
	other := row("go", 2_100_000, 900_000)
	other.Platform = "linux/arm64"
	now := Record{Images: []Image{row("bash", 7_012_000, 3_000_000), row("go", 2_100_000, 900_000), other, row("ruby", 19_000_000, 8_999_500)}}
	var text strings.Builder
	if err := now.Against(former).Render(&text, "markdown"); err != nil {
		t.Fatal(err)
	}
	want := `| image | platform | docker size | change | compressed | change |
| --- | --- | ---: | ---: | ---: | ---: |
| bash | linux/amd64 | 7.01 MB | +12.0 kB (+0.2 %) | 3.00 MB | same |
| go | linux/arm64 | 2.10 MB | new | 900 kB | new |
| ruby | linux/amd64 | 19.0 MB | -1.00 MB (-5.0 %) | 9.00 MB | -500 B (-0.0 %) |

1 image has the size that it had.
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Error(diff)
	}

	text.Reset()
	if err := former.Against(Record{Images: former.Images[1:]}).Render(&text, "table"); err != nil {
		t.Fatal(err)
	}
	want = "IMAGE  PLATFORM     DOCKER SIZE  CHANGE  COMPRESSED  CHANGE\n" +
		"bash   linux/amd64      7.00 MB     new     3.00 MB     new\n" +
		"3 images have the sizes that they had.\n"
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Error(diff)
	}

	for format, want := range map[string]string{
		"table": "No image has another size.\n", "markdown": "No image has another size.\n", "json": "{\n  \"changed\": [],\n  \"same\": 4\n}\n",
	} {
		text.Reset()
		if err := former.Against(former).Render(&text, format); err != nil || text.String() != want {
			t.Errorf("%s: got %q, %v", format, text.String(), err)
		}
	}
	if err := now.Against(former).Render(&text, "csv"); err == nil {
		t.Error("csv is a format")
	}
}
