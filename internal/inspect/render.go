package inspect

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// The limits of the text form. The JSON form has everything.
const (
	shownBoxes    = 30
	shownParts    = 15 // packages
	shownFindings = 5  // of each kind
)

// Write writes the report as text, as wide as the view. Its content may come from anybody, so control characters are
// removed.
func (r Report) Write(w io.Writer, view terminal.View) error {
	out := &page{Writer: bufio.NewWriter(w), view: view}
	out.line("%s", terminal.Clean(r.Reference))
	for _, p := range r.Platforms {
		out.platform(p)
	}
	if len(r.Attached) > 0 {
		out.line("")
		out.line("attached")
		for _, a := range r.Attached {
			out.row(11, cmp.Or(a.Kind, "other"), cmp.Or(a.Predicate, a.Type), human.Bytes(a.Size))
		}
	}
	if len(r.Unknown) > 0 {
		out.line("")
		out.line("not known without the layers: %s", strings.Join(r.Unknown, ", "))
	}
	return out.Flush()
}

// page is the output. Flush returns its first error.
type page struct {
	*bufio.Writer
	view terminal.View
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// row writes two texts, the first as wide as columns and the second as wide as is left, and a size.
func (p *page) row(columns int, first, second, size string) {
	p.line("  %s  %s  %9s", p.view.Pad(first, columns), p.view.Pad(second, p.view.Columns-columns-15), size)
}

func (p *page) platform(one Platform) {
	p.line("")
	weight := human.Bytes(one.CompressedSize) + " compressed"
	if one.DockerSize > 0 {
		weight = human.Bytes(one.DockerSize) + ", " + weight
	}
	p.line("%s  %s", terminal.Clean(one.Platform), weight)
	p.line("%s", terminal.Clean(one.Digest))
	name := p.view.Columns - 27
	p.line("  %s  %11s  %10s", p.view.Pad("LAYER", name), "DOCKER SIZE", "COMPRESSED")
	for _, l := range one.Layers {
		p.line("  %s  %11s  %10s", p.view.Pad(l.Name, name), size(l.DockerSize), human.Bytes(l.CompressedSize))
	}
	if one.Tree != nil {
		p.tree(*one.Tree)
	}
	p.packages(one.Packages)
	if one.Findings != nil {
		p.findings(*one.Findings)
	}
}

// packages writes the packages with their versions.
func (p *page) packages(all []Package) {
	if len(all) == 0 {
		return
	}
	version := min(22, p.view.Columns/4)
	name := p.view.Columns - version - 17
	p.line("  %s  %s  %11s", p.view.Pad("PACKAGE", name), p.view.Pad("VERSION", version), "DOCKER SIZE")
	for _, part := range all[:min(len(all), shownParts)] {
		p.line("  %s  %s  %11s", p.view.Pad(part.Name, name), p.view.Pad(part.Version, version), size(part.DockerSize))
	}
	p.more(len(all)-shownParts, "package")
}

func (p *page) more(n int, thing string) {
	text := fmt.Sprintf("and %d %ss more: --json shows them", n, thing)
	if n == 1 {
		text = fmt.Sprintf("and one %s more: --json shows it", thing)
	}
	if n > 0 {
		p.line("  %s", p.view.Fit(text, p.view.Columns-2))
	}
}

// size shows a size that may not be known.
func size(bytes int64) string {
	if bytes == 0 {
		return "-"
	}
	return human.Bytes(bytes)
}
