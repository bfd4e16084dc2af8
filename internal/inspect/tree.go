package inspect

import (
	"fmt"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// tree writes the largest boxes of an image, each with its share of the whole.
func (p *page) tree(image sizes.Box) {
	bar := 0
	if p.view.Columns >= 60 {
		bar = min(20, p.view.Columns/5)
	}
	name := p.view.Columns - 21 - bar
	p.line("  %s  %9s  %5s", p.view.Pad("WHERE THE BYTES ARE", name), "SIZE", "SHARE")
	p.branches(image.Largest(shownBoxes).Boxes, "", image.Size, name, bar)
}

// branches writes boxes below each other, and the boxes in each indented by one step.
func (p *page) branches(boxes []sizes.Box, indent string, whole int64, name, bar int) {
	fork, end, through := "├ ", "└ ", "│ "
	if p.view.ASCII {
		fork, end, through = "|-", "`-", "| "
	}
	for i, box := range boxes {
		mark, below := fork, through
		if i == len(boxes)-1 {
			mark, below = end, "  "
		}
		if indent == "" && box.Kind == sizes.KindLayer {
			mark, below = "", " "
		}
		share := 0.0
		if whole > 0 {
			share = float64(box.Size) / float64(whole)
		}
		text := indent + mark + p.view.Fit(title(box), max(8, name-terminal.Columns(indent+mark)))
		text += strings.Repeat(" ", max(0, name-terminal.Columns(text)))
		p.line("%s", strings.TrimRight(fmt.Sprintf("  %s  %9s  %3.0f %% %s", text, human.Bytes(box.Size), 100*share, p.view.Bar(share, bar)), " "))
		p.branches(box.Boxes, indent+below, whole, name, bar)
	}
}

// title returns the name of a box, with a word where the name alone could be mistaken.
func title(box sizes.Box) string {
	if box.Kind == sizes.KindHidden {
		return box.Name + " (hidden)"
	}
	return box.Name
}

// findings writes the findings.
func (p *page) findings(found Findings) {
	if found.WastedBytes > 0 {
		p.line("  %s in hidden files and duplicates", human.Bytes(found.WastedBytes))
	}
	many := told(found.Hidden, func(h Hidden) int64 { return h.Bytes })
	for _, hidden := range found.Hidden[:many] {
		p.row(10, "hidden", hidden.Path+" of layer "+hidden.Layer, human.Bytes(hidden.Bytes))
	}
	p.more(len(found.Hidden)-many, "hidden file")
	many = told(found.Duplicates, func(d Duplicate) int64 { return d.Bytes * int64(len(d.Paths)-1) })
	for _, same := range found.Duplicates[:many] {
		p.row(10, "duplicate", fmt.Sprintf("%s and %d more", same.Paths[0], len(same.Paths)-1), human.Bytes(same.Bytes*int64(len(same.Paths)-1)))
	}
	p.more(len(found.Duplicates)-many, "duplicate")
	for _, file := range found.Setuid[:min(len(found.Setuid), shownFindings)] {
		p.row(10, "setuid", file.Path+", mode "+file.Mode, file.Owner)
	}
	p.more(len(found.Setuid)-shownFindings, "setuid file")
	for _, file := range found.Odd[:min(len(found.Odd), shownFindings)] {
		p.row(10, "mode "+file.Mode, file.Path+": "+file.Why, file.Owner)
	}
	p.more(len(found.Odd)-shownFindings, "odd owner or mode")
}

// leastWaste is how many bytes a finding wastes that text has a line for.
const leastWaste = 1000

// told returns how many findings, the largest of which is the first, text has a line for: one at least.
func told[F any](all []F, waste func(F) int64) int {
	n := min(len(all), shownFindings)
	for n > 1 && waste(all[n-1]) < leastWaste {
		n--
	}
	return n
}
