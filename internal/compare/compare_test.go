package compare

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

var update = flag.Bool("update", false, "write testdata anew")

// hostile is a name that would be markup, or command a terminal.
const hostile = "<b>|`x`\x1b[31m\u202e"

// image makes one of layers, each a list of entries; the content of a file is its Linkname.
func image(t *testing.T, config v1.Config, layers map[string][]tar.Header, order ...string) v1.Image {
	t.Helper()
	img := v1.Image(empty.Image)
	for _, name := range order {
		archive := testkit.Layer(t, layers[name]...)
		l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil })
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: l, History: v1.History{CreatedBy: "mkimage " + name}}); err != nil {
			t.Fatal(err)
		}
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", "amd64", config
	if img, err = mutate.ConfigFile(img, file); err != nil {
		t.Fatal(err)
	}
	return img
}

func file(path, text string, mode int64) tar.Header {
	return tar.Header{Name: path, Typeflag: tar.TypeReg, Linkname: text, Mode: mode}
}

func database(jq string, names ...string) tar.Header {
	text := "P:jq\nV:" + jq + "\nA:x86_64\nF:usr/bin\nR:jq\n\n"
	for _, name := range names {
		text += "P:" + name + "\nV:1-r0\nA:x86_64\nF:usr/lib\nR:" + name + "\n\n"
	}
	return file("lib/apk/db/installed", text, 0o644)
}

func sides(t *testing.T) (a, b Side) {
	before := map[string][]tar.Header{
		"base": {database("1.7-r0", "old"), file("usr/bin/jq", "jq", 0o755), file("usr/lib/old", "old", 0o644), file("etc/mode", "m", 0o644), file("etc/gone", "gone", 0o644)},
		"top":  {file("bin/proxy", "proxy", 0o755)},
	}
	after := map[string][]tar.Header{
		"base": {database("1.8-r0", "new"), file("usr/bin/jq", "jq and more", 0o755), file("usr/lib/new", "new!", 0o644), file("etc/mode", "m", 0o4755), file("etc/gone", "gone", 0o644)},
		"top":  {file("bin/proxy", "proxy", 0o755)},
		"more": {file("etc/.wh.gone", "", 0), file("etc/"+hostile, "x", 0o644), {Name: "etc/link", Typeflag: tar.TypeSymlink, Linkname: "mode", Mode: 0o777}},
	}
	one := image(t, v1.Config{User: "0", Env: []string{"PATH=/bin", "A=1"}, Labels: map[string]string{"l": "1"}}, before, "base", "top")
	two := image(t, v1.Config{User: "65532", Env: []string{"PATH=/bin", "A=2"}, Labels: map[string]string{"l": hostile}}, after, "base", "top", "more")
	return Side{"a", map[string]v1.Image{"linux/amd64": one, "linux/arm64": one, "linux/s390x": one}},
		Side{"b", map[string]v1.Image{"linux/amd64": two, "linux/arm64": one, "linux/ppc64le": two}}
}

func TestImages(t *testing.T) {
	a, b := sides(t)
	report, err := Images(a, b, cache.Dir{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range report.Platforms { // a compressor's output may change with its version
		for _, w := range []*Weight{report.Platforms[i].A, report.Platforms[i].B} {
			if w != nil {
				w.CompressedSize = 100
			}
		}
	}
	for _, format := range []string{"text", "markdown"} {
		var text strings.Builder
		if err := report.Write(&text, format, terminal.View{Columns: 80}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(text.String(), "\x1b\u202e") || format == "markdown" && strings.Contains(text.String(), "<b>") {
			t.Errorf("a name commands:\n%s", text.String())
		}
		testkit.Golden(t, "testdata/"+format, []byte(text.String()), *update)
	}
	var text strings.Builder
	var again Report
	if err := report.Write(&text, "json", terminal.View{}); err != nil || json.Unmarshal([]byte(text.String()), &again) != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report, again); diff != "" {
		t.Error(diff)
	}
	if err := report.Write(&text, "xml", terminal.View{}); err == nil {
		t.Error("xml is a format")
	}
}

func TestSame(t *testing.T) {
	a, _ := sides(t)
	report, err := Images(a, a, cache.Dir{})
	if err != nil || !report.Same {
		t.Errorf("%+v, %v", report, err)
	}
	var text strings.Builder
	if err := report.Write(&text, "text", terminal.View{Columns: 40}); err != nil || text.String() != "a and a are the same image.\n" {
		t.Errorf("%q, %v", text.String(), err)
	}
}
