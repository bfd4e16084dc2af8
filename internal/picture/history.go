package picture

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// The measures of a history, in pixels and in percents of the width.
const (
	plotTop   = 28 // below the name
	plot      = 64
	underPlot = 26 // for the commits
	moveLine  = 18
	between   = 14
	topOfPlot = 78
	plotLeft  = 14 // percents
	plotWide  = 84
)

// leastSwing is the smallest change, in percents, that fills half of a plot: smaller ones look as small as they are.
const leastSwing = 2

// How many moves stand below a plot: of the newest commits, with many images fewer.
const (
	movesOfOne  = 12
	movesOfMany = 2
	moveColumns = 42
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
	most := movesOfMany
	if len(lines) == 1 {
		most = movesOfOne
	}
	height, moves := topOfPlot, make([][]string, len(lines))
	for i, line := range lines {
		moves[i] = newest(line, most)
		height += plotTop + plot + underPlot + moveLine*len(moves[i]) + between
	}
	out := begin("Sizes of images over the commits that changed them", strings.Join(words, "; ")+".", max(height, topOfPlot+underPlot))
	text(out, "1%", 20, "title", "Change over commits")
	text(out, "1%", 40, "soft", "since the first commit that is shown")
	text(out, "1%", 58, "soft", "full line: docker size; dashed: compressed")
	if len(lines) == 0 {
		text(out, "1%", topOfPlot+10, "soft", "No commit has a size record.")
	}
	y := topOfPlot
	for i, line := range lines {
		drawLine(out, line, moves[i], y)
		y += plotTop + plot + underPlot + moveLine*len(moves[i]) + between
	}
	out.WriteString("</svg>\n")
	_, err := io.WriteString(w, out.String())
	return err
}

// newest returns the moves of the newest commits, a line each.
func newest(line sizes.Line, most int) []string {
	var texts []string
	for _, p := range slices.Backward(line.Points) {
		for _, move := range p.Moved {
			if len(texts) == most {
				return texts
			}
			texts = append(texts, p.Commit+" "+move.String())
		}
	}
	return texts
}

// drawLine draws an image at y: its name, its sizes and the moves. Positions across are shares of the width, so it has no
// path over all points. Sizes are drawn as changes since the first point, so that both are seen in one plot.
func drawLine(out *strings.Builder, line sizes.Line, moves []string, y int) {
	text(out, "1%", y+10, "name", terminal.View{}.Fit(line.Name+" ("+line.Platform+")", moveColumns))
	n := len(line.Points)
	if n == 0 {
		return
	}
	first, last := line.Points[0], line.Points[n-1]
	least, most := -float64(leastSwing), float64(leastSwing)
	for _, p := range line.Points {
		for _, by := range []float64{percent(first.DockerSize, p.DockerSize), percent(first.CompressedSize, p.CompressedSize)} {
			least, most = min(least, by), max(most, by)
		}
	}
	x := func(i int) float64 { return plotLeft + plotWide*float64(i)/float64(max(n-1, 1)) }
	level := func(by float64) float64 { return float64(y+plotTop) + plot*(most-by)/(most-least) }
	for _, by := range []float64{most, 0, least} {
		fmt.Fprintf(out, `<line class="grid" x1="%d%%" x2="98%%" y1="%.1f" y2="%.1f"/>`, plotLeft, level(by), level(by))
		if by != 0 {
			text(out, "1%", int(level(by))+5, "soft", fmt.Sprintf("%+.0f %%", by))
		}
	}
	for i, p := range line.Points {
		docker, compressed := level(percent(first.DockerSize, p.DockerSize)), level(percent(first.CompressedSize, p.CompressedSize))
		if i > 0 {
			former := line.Points[i-1]
			fmt.Fprintf(out, `<line class="docker" stroke-width="2" x1="%.2f%%" y1="%.1f" x2="%.2f%%" y2="%.1f"/>`, x(i-1), level(percent(first.DockerSize, former.DockerSize)), x(i), docker)
			fmt.Fprintf(out, `<line class="compressed" stroke-width="2" x1="%.2f%%" y1="%.1f" x2="%.2f%%" y2="%.1f"/>`, x(i-1), level(percent(first.CompressedSize, former.CompressedSize)), x(i), compressed)
		}
		about := fmt.Sprintf("%s, %s: %s, %s compressed", p.Commit, p.Date, human.Bytes(p.DockerSize), human.Bytes(p.CompressedSize))
		for _, move := range p.Moved[:min(len(p.Moved), 5)] {
			about += "; " + move.String()
		}
		fmt.Fprintf(out, `<circle class="compressed-dot" r="2" cx="%.2f%%" cy="%.1f"/>`, x(i), compressed)
		fmt.Fprintf(out, `<circle class="docker-dot" r="3" cx="%.2f%%" cy="%.1f"><title>%s</title></circle>`+"\n", x(i), docker, escape(about))
	}
	y += plotTop + plot + underPlot
	text(out, "1%", y, "soft", first.Commit+": "+human.Bytes(first.DockerSize))
	if n > 1 {
		fmt.Fprintf(out, `<text class="soft" x="99%%" y="%d" text-anchor="end">%s</text>`+"\n", y, escape(last.Commit+": "+human.Bytes(last.DockerSize)))
	}
	for _, move := range moves {
		y += moveLine
		text(out, "1%", y, "soft", terminal.View{}.Fit(move, moveColumns))
	}
}

// percent returns by how many percents a size has changed.
func percent(former, now int64) float64 {
	if former <= 0 {
		return 0
	}
	return 100 * float64(now-former) / float64(former)
}
