package picture

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

var embedded = regexp.MustCompile(`(?s)<script id="data" type="application/json">(.*?)</script>`)

func write(t *testing.T, page Page) string {
	t.Helper()
	var one, two strings.Builder
	if err := page.Write(&one); err != nil {
		t.Fatal(err)
	}
	if err := page.Write(&two); err != nil || one.String() != two.String() {
		t.Errorf("the page is another one the second time, %v", err)
	}
	return one.String()
}

// add adds up the boxes in a box of the page, and fails where they are not its size.
func add(t *testing.T, box any) int64 {
	t.Helper()
	fields := box.([]any)
	size := int64(fields[2].(float64))
	if len(fields) < 4 {
		return size
	}
	sum := int64(0)
	for _, inner := range fields[3].([]any) {
		sum += add(t, inner)
	}
	if sum != size {
		t.Errorf("the boxes in %q have %d bytes, and it has %d", fields[1], sum, size)
	}
	return size
}

// TestPage holds that hostile names are text, that identifiers are used once, and that boxes add up.
func TestPage(t *testing.T) {
	record := sample()
	tree := sizes.NewBox(hostile, sizes.KindImage, []sizes.Box{sizes.NewBox(hostile, sizes.KindLayer, []sizes.Box{
		{Name: hostile, Kind: sizes.KindFile, Size: 4_000_000}, {Name: "b", Kind: sizes.KindFile, Size: 1_500_000}, {Name: "c", Kind: sizes.KindFile, Size: 500_000},
	})})
	for i := range record.Images {
		if record.Images[i].DockerSize == tree.Size {
			record.Images[i].Contents = &sizes.Contents{Tree: &tree}
		}
	}
	for _, boxes := range []int{0, 1, 2} {
		text := write(t, Page{Title: hostile, Record: record, History: history(), Boxes: boxes})
		if n := strings.Count(strings.ToLower(text), "<script"); n != 2 || strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("%d scripts, want 2", n)
		}
		seen := map[string]bool{}
		for _, id := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(text, -1) {
			if seen[id[1]] {
				t.Errorf("two elements are %s", id[1])
			}
			seen[id[1]] = true
		}
		var trees []any
		if err := json.Unmarshal([]byte(embedded.FindStringSubmatch(text)[1]), &trees); err != nil || len(trees) != len(record.Images) {
			t.Fatal(err)
		}
		for i, tree := range trees {
			if sum := add(t, tree); sum != record.Images[i].DockerSize {
				t.Errorf("the boxes of %q have %d bytes, want %d", record.Images[i].Name, sum, record.Images[i].DockerSize)
			}
		}
	}
}

// many returns a record of five hundred images, each with this number of files.
func many(files int) sizes.Record {
	var rows []sizes.Image
	for i := range 500 {
		var boxes []sizes.Box
		for n := range files {
			boxes = append(boxes, sizes.Box{Name: fmt.Sprintf("usr/lib/%06d", n), Kind: sizes.KindFile, Size: int64(1 + n%50)})
		}
		tree := sizes.NewBox("image", sizes.KindImage, []sizes.Box{sizes.NewBox("proxy", sizes.KindLayer, boxes)})
		rows = append(rows, sizes.Image{Name: fmt.Sprintf("image-%03d", i), Platform: "linux/amd64", DockerSize: tree.Size, Layers: []sizes.Layer{{Name: "proxy", DockerSize: tree.Size}},
			Contents: &sizes.Contents{Tree: &tree}})
	}
	return sizes.Record{}.With(rows...)
}

// BenchmarkPage writes a page of five hundred images.
func BenchmarkPage(b *testing.B) {
	page := Page{Title: "many", Record: many(1000), Boxes: 150}
	for b.Loop() {
		if err := page.Write(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// TestManyFiles: a hundred thousand files of one size are told as one box, and the page stays small.
func TestManyFiles(t *testing.T) {
	boxes := make([]sizes.Box, 100_000)
	for i := range boxes {
		boxes[i] = sizes.Box{Name: fmt.Sprintf("srv/<script>%d", i), Kind: sizes.KindFile, Size: 7}
	}
	tree := sizes.NewBox("many", sizes.KindImage, []sizes.Box{sizes.NewBox("action", sizes.KindLayer, boxes)})
	row := sizes.Image{Name: "many", Platform: "linux/amd64", DockerSize: tree.Size, Contents: &sizes.Contents{Tree: &tree}}
	text := write(t, Page{Title: "many", Record: sizes.Record{}.With(row), Boxes: 150})
	if !strings.Contains(text, `["m","100000 more",700000]`) || len(text) > 400_000 {
		t.Errorf("the page of %d files has %d bytes", len(boxes), len(text))
	}
}

// TestManyImages: five hundred make one page, and none makes one, too.
func TestManyImages(t *testing.T) {
	if text := write(t, Page{Title: "many", Record: many(1)}); !strings.Contains(text, "image-499") {
		t.Error("an image is missing")
	}
	write(t, Page{Title: "none", Record: sizes.Record{}})
}
