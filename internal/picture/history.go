package picture

import (
	"fmt"
	"io"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// The measures of a history, in pixels.
const (
	panel     = 150 // an image
	plotTop   = 34
	plot      = 80
	topOfPlot = 54
)

// History writes the docker and compressed sizes of images over the commits that changed them, a panel each. What moved
// stands in the title of each point.
func History(w io.Writer, lines []sizes.Line) error {
	var words []string
	for _, line := range lines {
		if n := len(line.Points); n > 0 {
			words = append(words, fmt.Sprintf("%s (%s) from %s to %s in %s", line.Name, line.Platform,
				human.Bytes(line.Points[0].DockerSize), human.Bytes(line.Points[n-1].DockerSize), human.Count(n, "step")))
		}
	}
	out := begin("Sizes of images over the commits that changed them", strings.Join(words, "; ")+".", topOfPlot+panel*max(len(lines), 1))
	text(out, "1%", 20, "title", "Sizes over the commits that changed them")
	text(out, "1%", 40, "soft", "full line: docker size; dashed: compressed")
	if len(lines) == 0 {
		text(out, "1%", topOfPlot+20, "soft", "No commit has a size record.")
	}
	for i, line := range lines {
		drawLine(out, line, topOfPlot+panel*i)
	}
	out.WriteString("</svg>\n")
	_, err := io.WriteString(w, out.String())
	return err
}

// drawLine draws the panel of an image at y. Positions across are shares of the width, so it has no path over all points.
func drawLine(out *strings.Builder, line sizes.Line, y int) {
	text(out, "1%", y+16, "name", shorten(line.Name+" ("+line.Platform+")"))
	n := len(line.Points)
	if n == 0 {
		return
	}
	most := int64(1)
	for _, p := range line.Points {
		most = max(most, p.DockerSize, p.CompressedSize)
	}
	x := func(i int) float64 { return 2 + 96*float64(i)/float64(max(n-1, 1)) }
	level := func(size int64) float64 { return float64(y+plotTop+plot) - plot*float64(size)/float64(most) }
	fmt.Fprintf(out, `<line class="grid" x1="1%%" x2="99%%" y1="%d" y2="%d"/>`, y+plotTop+plot, y+plotTop+plot)
	for i, p := range line.Points {
		if i > 0 {
			former := line.Points[i-1]
			fmt.Fprintf(out, `<line class="docker" stroke-width="2" x1="%.2f%%" y1="%.1f" x2="%.2f%%" y2="%.1f"/>`, x(i-1), level(former.DockerSize), x(i), level(p.DockerSize))
			fmt.Fprintf(out, `<line class="compressed" stroke-width="2" x1="%.2f%%" y1="%.1f" x2="%.2f%%" y2="%.1f"/>`, x(i-1), level(former.CompressedSize), x(i), level(p.CompressedSize))
		}
		about := fmt.Sprintf("%s, %s: %s, %s compressed", p.Commit, p.Date, human.Bytes(p.DockerSize), human.Bytes(p.CompressedSize))
		for _, move := range p.Moved[:min(len(p.Moved), 5)] {
			about += "; " + move.String()
		}
		fmt.Fprintf(out, `<circle class="docker-dot" r="3" cx="%.2f%%" cy="%.1f"><title>%s</title></circle>`, x(i), level(p.DockerSize), escape(about))
		fmt.Fprintf(out, `<circle class="compressed-dot" r="2" cx="%.2f%%" cy="%.1f"/>`+"\n", x(i), level(p.CompressedSize))
	}
	first, last := line.Points[0], line.Points[n-1]
	text(out, "1%", y+plotTop+plot+18, "soft", first.Commit+": "+human.Bytes(first.DockerSize))
	if n > 1 {
		fmt.Fprintf(out, `<text class="soft" x="99%%" y="%d" text-anchor="end">%s</text>`+"\n", y+plotTop+plot+18, escape(last.Commit+": "+human.Bytes(last.DockerSize)))
	}
}
