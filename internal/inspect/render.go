package inspect

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// The limits of the text form. The JSON form has everything.
const (
	width      = 80 // columns; digests and references are not cut
	shownFiles = 10
	shownParts = 15 // packages
)

// Write writes the report as text. Its content may come from anybody, so control characters are removed.
func (r Report) Write(w io.Writer) error {
	out := &page{Writer: bufio.NewWriter(w)}
	out.line("%s", clean(r.Reference))
	for _, p := range r.Platforms {
		out.platform(p)
	}
	if len(r.Attached) > 0 {
		out.line("")
		out.line("attached")
		for _, a := range r.Attached {
			out.line("  %-11s %s  %9s", fit(cmp.Or(a.Kind, "other"), 11), pad(cmp.Or(a.Predicate, a.Type), width-27), human.Bytes(a.Size))
		}
	}
	if len(r.Unknown) > 0 {
		out.line("")
		out.line("not known without the layers: %s", strings.Join(r.Unknown, ", "))
	}
	return out.Flush()
}

// page is the output. Flush returns its first error.
type page struct{ *bufio.Writer }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) platform(one Platform) {
	p.line("")
	weight := human.Bytes(one.CompressedSize) + " compressed"
	if one.DockerSize > 0 {
		weight = human.Bytes(one.DockerSize) + ", " + weight
	}
	p.line("%s  %s", clean(one.Platform), weight)
	p.line("%s", clean(one.Digest))
	p.line("  %s  %11s  %10s", pad("LAYER", width-27), "DOCKER SIZE", "COMPRESSED")
	for _, l := range one.Layers {
		p.line("  %s  %11s  %10s", pad(l.Name, width-27), size(l.DockerSize), human.Bytes(l.CompressedSize))
	}
	if len(one.Packages) > 0 {
		p.line("  %s  %s  %11s", pad("PACKAGE", width-39), pad("VERSION", 22), "DOCKER SIZE")
	}
	for _, part := range one.Packages[:min(len(one.Packages), shownParts)] {
		p.line("  %s  %s  %11s", pad(part.Name, width-39), pad(part.Version, 22), size(part.DockerSize))
	}
	p.more(len(one.Packages)-shownParts, "package")
	if len(one.Files) > 0 {
		p.line("  %s  %s  %11s", pad("LARGEST FILES", width-39), pad("OF", 22), "SIZE")
	}
	for _, file := range one.Files[:min(len(one.Files), shownFiles)] {
		p.line("  %s  %s  %11s", pad(file.Path, width-39), pad(cmp.Or(file.Package, "layer "+file.Layer), 22), human.Bytes(file.Size))
	}
}

func (p *page) more(n int, what string) {
	if n == 1 {
		p.line("  and one %s more: --json shows it", what)
	} else if n > 1 {
		p.line("  and %d %ss more: --json shows them", n, what)
	}
}

// size shows a size that may not be known.
func size(bytes int64) string {
	if bytes == 0 {
		return "-"
	}
	return human.Bytes(bytes)
}

// pad makes a text exactly as wide as columns.
func pad(text string, columns int) string {
	text = fit(text, columns)
	return text + strings.Repeat(" ", columns-utf8.RuneCountInString(text))
}

// fit takes out the middle of a text that is wider than columns.
func fit(text string, columns int) string {
	letters := []rune(clean(text))
	if len(letters) <= columns {
		return string(letters)
	}
	left := (columns - 1) / 2
	return string(letters[:left]) + "…" + string(letters[len(letters)-(columns-1-left):])
}

// clean removes characters that would not show as themselves on a terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}
