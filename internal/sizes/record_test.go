package sizes

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
		{"no JSON", `{"schema": 1`, "ends too early"},
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
