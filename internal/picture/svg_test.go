package picture

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// hostile is a name that would be markup, or command a terminal.
const hostile = `"><script>alert(1)</script>&` + "\x1b[31m\u202e]]>`${x}"

func sample() sizes.Record {
	return sizes.Record{References: []sizes.Reference{{Name: hostile, DockerSize: 5_000_000, Source: hostile, Platform: hostile, Digest: "sha256:1"}}}.With(
		sizes.Image{Name: "scratch", Platform: "linux/amd64", DockerSize: 2_120_000, CompressedSize: 980_000, Layers: []sizes.Layer{{Name: "proxy", DockerSize: 2_120_000}}},
		sizes.Image{Name: hostile, Platform: hostile, DockerSize: 6_000_000, CompressedSize: 1, Layers: []sizes.Layer{{Name: hostile, DockerSize: 6_000_000}}},
	)
}

func history() []sizes.Line {
	return []sizes.Line{{Name: hostile, Platform: hostile, Points: []sizes.Point{
		{Commit: "0123456", Date: "2026-11-28", Subject: hostile, DockerSize: 1000, CompressedSize: 500},
		{Commit: "1123456", Date: "2026-11-28", Subject: hostile, DockerSize: 1200, CompressedSize: 600, Moved: []sizes.Move{{Name: hostile, Now: "1", By: 200}}},
	}}, {Name: "none"}}
}

// TestSVG holds that pictures are XML with a title and a description, in which hostile names are text, and the same each time.
func TestSVG(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{
		"bars":    func(w io.Writer) error { return SVG(w, sample()) },
		"no bars": func(w io.Writer) error { return SVG(w, sizes.Record{}) },
		"history": func(w io.Writer) error { return History(w, history()) },
		"chart": func(w io.Writer) error {
			return Chart{Title: hostile, Notes: [2]string{hostile, hostile}, Format: func(v int64) string { return fmt.Sprint(v) + hostile },
				Bars: []Bar{{Name: hostile, Value: 1000}, {Name: "quoted", Value: 90_000, Other: true}}}.Write(w)
		},
		"parts": func(w io.Writer) error {
			return Chart{Format: func(v int64) string { return fmt.Sprint(v) }, Bars: []Bar{{Name: "start", Value: 30, Parts: []int64{10, 20}}}}.Write(w)
		},
		"no history": func(w io.Writer) error { return History(w, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			var one, two bytes.Buffer
			if err := write(&one); err != nil {
				t.Fatal(err)
			}
			if err := write(&two); err != nil || one.String() != two.String() {
				t.Errorf("it is another one the second time, %v", err)
			}
			seen := map[string]int{}
			for tokens := xml.NewDecoder(&one); ; {
				token, err := tokens.Token()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if start, ok := token.(xml.StartElement); ok {
					seen[start.Name.Local]++
				}
			}
			if seen["title"] == 0 || seen["desc"] != 1 || seen["script"] > 0 {
				t.Errorf("elements: %v", seen)
			}
			if strings.ContainsAny(two.String(), "\x1b\u202e") {
				t.Error("a control character is left")
			}
		})
	}
}
