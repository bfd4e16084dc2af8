package sizes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func row(name string, docker, compressed int64) Image {
	return Image{Name: name, Platform: "linux/amd64", DockerSize: docker, CompressedSize: compressed}
}

func TestAgainst(t *testing.T) {
	former := Record{Images: []Image{row("bash", 7_000_000, 3_000_000), row("go", 2_100_000, 900_000), row("gone", 1, 1), row("ruby", 20_000_000, 9_000_000)}}
	other, bash := row("go", 2_100_000, 900_000), row("bash", 7_012_000, 3_000_000)
	other.Platform = "linux/arm64"
	layers := func(stemcell, proxy int64) []Layer {
		return []Layer{{Name: "stemcell-bash", DockerSize: stemcell}, {Name: "proxy", DockerSize: proxy}}
	}
	packages := func(all ...Package) *Contents {
		for i := range all {
			all[i].Layer = "stemcell-bash"
		}
		return &Contents{Packages: all}
	}
	former.Images[0].Layers, bash.Layers = layers(5_000_000, 2_000_000), layers(5_011_000, 2_001_000)
	former.Images[0].Contents = packages(Package{Name: "jq", Version: "1.7-r0", DockerSize: 600_000}, Package{Name: "old", Version: "1-r0", DockerSize: 9_000})
	bash.Contents = packages(Package{Name: "jq", Version: "1.8-r0", DockerSize: 619_000}, Package{Name: "<new>|`_x_`", Version: "2-r0", DockerSize: 1_000})
	now := Record{Images: []Image{bash, row("go", 2_100_000, 900_000), other, row("ruby", 19_000_000, 8_999_500)}}
	var text strings.Builder
	if err := now.Against(former).Render(&text, "markdown"); err != nil {
		t.Fatal(err)
	}
	golden(t, "against.markdown", []byte(text.String()))
	text.Reset()
	if err := former.Against(Record{Images: former.Images[1:]}).Render(&text, "table"); err != nil {
		t.Fatal(err)
	}
	golden(t, "against.table", []byte(text.String()))

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

// TestGrown names the packages and layers that grew, of images that grew by more than is allowed.
func TestGrown(t *testing.T) {
	former := Record{Images: []Image{row("bash", 1000, 500), row("go", 1000, 500)}}
	bash := row("bash", 1030, 510)
	former.Images[0].Layers, bash.Layers = []Layer{{Name: "base", DockerSize: 1000}}, []Layer{{Name: "base", DockerSize: 1010}, {Name: "proxy", DockerSize: 20}}
	comparison := Record{Images: []Image{bash, row("go", 900, 500), row("new", 5000, 1)}}.Against(former)
	const line = "bash (linux/amd64) is 1.03 kB, and grew by 30 B (+3.0 %), more than "
	const by = ": layer proxy (new, +20 B), layer base (+10 B)"
	for limit, want := range map[string]string{"2%": line + "2%" + by, "2.9%": line + "2.9%" + by, "3%": "", "29B": line + "29B" + by, "30B": "", "0": line + "0" + by, "0%": line + "0%" + by} {
		growth, err := ParseGrowth(limit, func(text string) (int64, error) {
			var n int64
			_, err := fmt.Sscanf(text, "%dB", &n)
			return n, err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(comparison.Grown(growth), "|"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", limit, got, want)
		}
	}
	for _, limit := range []string{"", "%", "-1%", "NaN%", "1e9%", "two", "1.5.2%"} {
		if growth, err := ParseGrowth(limit, func(string) (int64, error) { return 0, errors.New("no") }); err == nil {
			t.Errorf("%q is %+v", limit, growth)
		}
	}
}

func TestHistory(t *testing.T) {
	bash := row("bash", 1100, 500)
	bash.Layers = []Layer{{Name: "base", DockerSize: 1100}}
	versions := []Version{
		{"aaaaaaa", "2026-01-01", "first", Record{Images: []Image{row("bash", 1000, 500), row("gone", 1, 1)}}},
		{"bbbbbbb", "2026-01-02", "same", Record{Images: []Image{row("bash", 1000, 500)}}},
		{"ccccccc", "2026-01-03", "third", Record{Images: []Image{bash, row("new", 5, 3)}}},
	}
	for _, format := range HistoryFormats() {
		var text strings.Builder
		if err := RenderHistory(&text, History(versions), format); err != nil {
			t.Fatal(err)
		}
		golden(t, "history."+format, []byte(text.String()))
	}
	if err := RenderHistory(&strings.Builder{}, nil, "csv"); err == nil || History(nil) != nil {
		t.Errorf("got %v", err)
	}
}

func TestBadge(t *testing.T) {
	record, err := sample().Only("scratch")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	const want = `{"schemaVersion":1,"label":"scratch image","message":"1.65 MB","color":"blue"}` + "\n"
	if err := record.Render(&text, "badge"); err != nil || text.String() != want {
		t.Errorf("got %s, %v", text.String(), err)
	}
	for _, many := range []Record{sample(), {}} {
		if err := many.Render(&text, "badge"); err == nil {
			t.Errorf("a badge of %d images", len(many.Images))
		}
	}
}

// TestReferences holds that quoted references stay, and that measured ones come, change and go.
func TestReferences(t *testing.T) {
	one := Measured("slim", "docker.io/library/python", Image{Platform: "linux/amd64", Digest: "sha256:1", DockerSize: 120_000_000, CompressedSize: 45_000_000, TarSize: 121_000_000})
	record, err := sample().Refer(one)
	if err == nil {
		record, err = record.Refer(one)
	}
	if err != nil || len(record.References) != 5 || !strings.Contains(record.With().References[4].how(), "measured, linux/amd64") {
		t.Fatalf("%+v, %v", record.References, err)
	}
	var text strings.Builder
	for _, format := range []string{"markdown", "table", "csv"} {
		if err := record.Render(&text, format); err != nil || !strings.Contains(text.String(), "slim") {
			t.Error(format, err)
		}
	}
	golden(t, "references", []byte(text.String()))
	for _, name := range []string{"", "a b", "<b>", "openwhisk/dockerskeleton", "a\x1b"} {
		if _, err := record.Refer(Reference{Name: name, Digest: "x"}); err == nil {
			t.Errorf("%q is a name", name)
		}
	}
	if _, err := record.Forget("openwhisk/dockerskeleton", "none"); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("got %v", err)
	}
	if record, err = record.Forget("slim"); err != nil || len(record.References) != 4 {
		t.Errorf("%+v, %v", record.References, err)
	}
}

// TestBroken holds that a broken record is never replaced if a person may have written it, and is replaced if only
// builds write it.
func TestBroken(t *testing.T) {
	for name, text := range map[string]string{
		"ends too early": " \n", "a merge conflict": "{\n<<<<<<< HEAD\n", "schema 2 is not one": `{"schema": 2}`, "not valid JSON": "x",
	} {
		path := filepath.Join(t.TempDir(), "sizes.json")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Add(path, row("go", 1, 1))
		if kept, _ := os.ReadFile(path); err == nil || !strings.Contains(err.Error(), name) || string(kept) != text {
			t.Errorf("%s: %v, and the file is %q", name, err, kept)
		}
		broken, err := Rebuild(path, row("go", 1, 1))
		if record, unread := Read(path); broken == nil || err != nil || unread != nil || len(record.Images) != 1 {
			t.Errorf("%s: %v, %v, %v", name, broken, err, unread)
		}
	}
}
