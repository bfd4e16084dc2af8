// Package picture draws the size record: bars and histories as SVG, and a page with a treemap of every byte.
//
//	err := picture.SVG(w, record)
//	err := picture.History(w, lines)
//	err := picture.Page{Title: "Sizes", Record: record, Trees: trees}.Write(w)
//
// Everything is one file that needs no network. Colours follow the reader's scheme, light or dark, and none of them is
// needed to understand a picture. Foreign text, such as the name of an image, stays text.
package picture

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// style has the colours of both schemes. Their contrast to the background is at least 4.5 for text (WCAG 2.2, 1.4.3)
// and 3 for shapes (1.4.11).
const style = `
.back{fill:#fff}text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#1f2328;stroke:#fff;stroke-width:3px;paint-order:stroke}
.title{font-size:15px;font-weight:600}.name{font-weight:600}.soft{fill:#59636e}
.own{fill:#0a6e4f}.other{fill:url(#lines);stroke:#7a4a00}.stripe{stroke:#7a4a00}.grid{stroke:#8c959f;stroke-dasharray:2 3}
.docker{stroke:#0a6e4f;fill:none}.compressed{stroke:#7a4a00;stroke-dasharray:5 3;fill:none}.docker-dot{fill:#0a6e4f}.compressed-dot{fill:#7a4a00}
@media (prefers-color-scheme:dark){
.back{fill:#0d1117}text{fill:#f0f6fc;stroke:#0d1117}.soft{fill:#9198a1}
.own{fill:#3fb68b}.other{stroke:#e3a857}.stripe{stroke:#e3a857}.grid{stroke:#656c76}
.docker{stroke:#3fb68b}.compressed{stroke:#e3a857}.docker-dot{fill:#3fb68b}.compressed-dot{fill:#e3a857}}
`

// bar is an image or a reference in the picture.
type bar struct {
	name, note string
	size       int64
	other      bool // a reference
}

// bars returns each image once, on the platform whose image is the largest, and the references, the smallest first.
func bars(r sizes.Record) []bar {
	var all []bar
	at := map[string]int{}
	for _, image := range r.Images {
		i, known := at[image.Name]
		if !known {
			i = len(all)
			at[image.Name] = i
			all = append(all, bar{name: image.Name})
		}
		all[i].size = max(all[i].size, image.DockerSize)
	}
	for _, reference := range r.References {
		note := "measured"
		if reference.Quoted() {
			note = "quoted"
		}
		all = append(all, bar{reference.Name, note, reference.DockerSize, true})
	}
	slices.SortStableFunc(all, func(a, b bar) int { return cmp.Or(cmp.Compare(a.size, b.size), cmp.Compare(a.name, b.name)) })
	return all
}

// The measures of the bars, in pixels and in percents of the width.
const (
	labelHeight = 20
	barHeight   = 10
	topOfBars   = 78
	largestSide = 60 // of the square of the largest size
	barShare    = 76 // of the width, for the largest size; the squares stand beside
)

// SVG writes docker sizes as bars on a log scale, images beside references, each with a square whose area is in true
// proportion. It is as wide as there is room: bars and distances are shares of the width, and text keeps its size, so that
// it is read at 320 pixels, too.
func SVG(w io.Writer, r sizes.Record) error {
	all := bars(r)
	var drawn []sizes.Bar
	height, most := topOfBars+34, int64(1)
	for _, b := range all {
		drawn = append(drawn, sizes.Bar{Size: b.size})
		most = max(most, b.size)
	}
	side := func(size int64) float64 { return largestSide * math.Sqrt(float64(max(size, 0))/float64(most)) }
	rowHeight := func(b bar) int { return labelHeight + max(barHeight, int(math.Ceil(side(b.size)))) + 6 }
	for _, b := range all {
		height += rowHeight(b)
	}
	scale := sizes.ScaleOf(drawn)
	share := func(size int64) float64 { return barShare * scale.Share(size) / cmp.Or(scale.Share(most), 1) }
	out := begin("Docker size of images beside those that people run today", describe(all), height)
	text(out, "1%", 20, "title", "Docker size")
	text(out, "1%", 40, "soft", "squares: in true proportion; bars: log scale")
	text(out, "1%", 58, "soft", "filled: images of this record; striped: others")
	for _, mark := range scale.Marks() {
		if mark > most {
			break
		}
		x, anchor := 1+share(mark), "middle"
		if share(mark) == 0 {
			anchor = "start"
		}
		fmt.Fprintf(out, `<line class="grid" x1="%.1f%%" x2="%.1f%%" y1="%d" y2="%d"/>`, x, x, topOfBars-10, height-24)
		fmt.Fprintf(out, `<text class="soft" x="%.1f%%" y="%d" text-anchor="%s">%s</text>`+"\n", x, height-8, anchor, round(mark))
	}
	y := topOfBars
	for _, b := range all {
		class, label := "own", b.name
		if b.other {
			class, label = "other", short(b.name)+" ("+b.note+")"
		}
		text(out, "1%", y+10, "name", shorten(label))
		fmt.Fprintf(out, `<text x="99%%" y="%d" text-anchor="end">%s</text>`, y+10, human.Bytes(b.size))
		fmt.Fprintf(out, `<rect class="%s" x="1%%" y="%d" width="%.2f%%" height="%d" rx="2"/>`, class, y+labelHeight-4, max(0.5, share(b.size)), barHeight)
		fmt.Fprintf(out, `<rect class="%s" x="99%%" y="%d" width="%.1f" height="%.1f" transform="translate(-%.1f)"/>`+"\n", class, y+labelHeight-4, side(b.size), side(b.size), side(b.size))
		y += rowHeight(b)
	}
	out.WriteString("</svg>\n")
	_, err := io.WriteString(w, out.String())
	return err
}

// begin writes the head of a picture, with a title and a description for those who do not see it.
func begin(title, description string, height int) *strings.Builder {
	out := &strings.Builder{}
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="100%%" height="%d" role="img" aria-labelledby="title description">`+"\n", height)
	fmt.Fprintf(out, "<title id=\"title\">%s</title>\n<desc id=\"description\">%s</desc>\n<style>%s</style>\n", escape(title), escape(description), style)
	out.WriteString(`<defs><pattern id="lines" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="stripe" y2="5" stroke-width="3"/></pattern></defs>` + "\n")
	out.WriteString(`<rect class="back" width="100%" height="100%"/>` + "\n")
	return out
}

func text(out *strings.Builder, x string, y int, class, content string) {
	fmt.Fprintf(out, `<text class="%s" x="%s" y="%d">%s</text>`+"\n", class, x, y, escape(content))
}

// escape returns a foreign text that is text in SVG and HTML.
func escape(text string) string { return html.EscapeString(terminal.Clean(text)) }

// shorten takes the middle out of a text that is too long for a line of 320 pixels.
func shorten(text string) string { return terminal.View{}.Fit(text, 26) }

func short(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// round returns a power of ten, such as "10 MB".
func round(bytes int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if bytes >= unit.size {
			return fmt.Sprintf("%d %s", bytes/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d B", bytes)
}

// describe returns the bars in words.
func describe(all []bar) string {
	var words []string
	for _, b := range all[:min(len(all), 100)] {
		words = append(words, strings.TrimSpace(short(b.name)+" "+b.note)+" "+human.Bytes(b.size))
	}
	if more := len(all) - 100; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return "From the smallest: " + strings.Join(words, ", ") + "."
}
