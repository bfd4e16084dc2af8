package picture

import (
	"fmt"
	"io"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// Chart draws measured values as bars: on a log scale, or with parts, which stand one after the other on a linear one.
type Chart struct {
	Title string
	Notes [2]string // below the title
	Bars  []Bar
	// Format writes a value with its unit.
	Format func(value int64) string
}

// Bar is one value of a chart.
type Bar struct {
	Name  string
	Value int64
	Parts []int64 // whose sum the value is, if it has parts
	Other bool    // it is not ours, but there to compare
}

// Write writes the chart, as wide as there is room.
func (c Chart) Write(w io.Writer) error {
	const rowHeight, labelWide = labelHeight + barHeight + 8, 60 // the longest label, in characters
	var drawn []sizes.Bar
	var words []string
	most, parted := int64(1), false
	for _, b := range c.Bars {
		drawn = append(drawn, sizes.Bar{Size: b.Value})
		words = append(words, b.Name+" "+c.Format(b.Value))
		most, parted = max(most, b.Value), parted || len(b.Parts) > 0
	}
	scale := sizes.ScaleOf(drawn)
	wide := 98.0 // percents
	share := func(value int64) float64 {
		if parted {
			return wide * float64(value) / float64(most)
		}
		return wide * scale.Share(value) / max(scale.Share(most), 1e-9)
	}
	out := begin(c.Title, strings.Join(words, ", ")+".", topOfBars+len(c.Bars)*rowHeight+24)
	text(out, "1%", 20, "title", c.Title)
	text(out, "1%", 40, "soft", c.Notes[0])
	text(out, "1%", 58, "soft", c.Notes[1])
	height := topOfBars + len(c.Bars)*rowHeight + 24
	for _, mark := range scale.Marks() {
		if parted || mark > most || mark <= 0 {
			break
		}
		x, anchor := 1+share(mark), "middle"
		if share(mark) == 0 {
			anchor = "start"
		}
		fmt.Fprintf(out, `<line class="grid" x1="%.1f%%" x2="%.1f%%" y1="%d" y2="%d"/>`, x, x, topOfBars-10, height-24)
		fmt.Fprintf(out, `<text class="soft" x="%.1f%%" y="%d" text-anchor="%s">%s</text>`+"\n", x, height-8, anchor, escape(c.Format(mark)))
	}
	for i, b := range c.Bars {
		y, class := topOfBars+i*rowHeight, "own"
		if b.Other {
			class = "other"
		}
		text(out, "1%", y+10, "name", terminal.View{}.Fit(b.Name, labelWide))
		fmt.Fprintf(out, `<text x="99%%" y="%d" text-anchor="end">%s</text>`, y+10, escape(c.Format(b.Value)))
		parts := b.Parts
		if len(parts) == 0 {
			parts = []int64{b.Value}
		}
		var before int64
		for n, part := range parts {
			x := 1.0
			if before > 0 {
				x += share(before)
			}
			fmt.Fprintf(out, `<rect class="%s" x="%.2f%%" y="%d" width="%.2f%%" height="%d" fill-opacity="%.2f"/>`, class, x, y+labelHeight-4,
				max(0.3, share(part)), barHeight, 1/float64(n+1))
			before += part
		}
		out.WriteString("\n")
	}
	out.WriteString("</svg>\n")
	_, err := io.WriteString(w, out.String())
	return err
}
