package compare

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// shown is how many changes of a kind text has. The JSON form has all.
const shown = 25

// Formats returns the formats of [Report.Write].
func Formats() []string { return []string{"text", "markdown", "json"} }

// Write writes the report in one of the [Formats]. Foreign text stays text.
func (r Report) Write(w io.Writer, format string, view terminal.View) error {
	if _, err := suggest.OneOf(format, Formats()...); err != nil {
		return err
	}
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	out := &writer{bufio.NewWriter(w), view, format == "markdown"}
	if r.Same {
		out.line("%s and %s are the same image.", out.plain(r.A), out.plain(r.B))
		return out.Flush()
	}
	for i, p := range r.Platforms {
		if i > 0 {
			out.line("")
		}
		out.platform(p)
	}
	return out.Flush()
}

type writer struct {
	*bufio.Writer
	view     terminal.View
	markdown bool
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

func (w *writer) plain(text string) string {
	if w.markdown {
		return sizes.Plain(text)
	}
	return terminal.Clean(text)
}

func (w *writer) platform(p Platform) {
	mark := ""
	if w.markdown {
		mark = "### "
	}
	switch {
	case p.A == nil:
		w.line("%s%s  only in the second image, %s", mark, w.plain(p.Platform), human.Bytes(p.B.DockerSize))
		return
	case p.B == nil:
		w.line("%s%s  only in the first image, %s", mark, w.plain(p.Platform), human.Bytes(p.A.DockerSize))
		return
	case p.A.Digest == p.B.Digest:
		w.line("%s%s  the same, %s", mark, w.plain(p.Platform), human.Bytes(p.A.DockerSize))
		return
	}
	w.line("%s%s  %s to %s (%s), compressed %s to %s (%s)", mark, w.plain(p.Platform),
		human.Bytes(p.A.DockerSize), human.Bytes(p.B.DockerSize), sizes.Signed(p.B.DockerSize-p.A.DockerSize),
		human.Bytes(p.A.CompressedSize), human.Bytes(p.B.CompressedSize), sizes.Signed(p.B.CompressedSize-p.A.CompressedSize))
	w.changes("layer", p.Layers)
	w.changes("package", p.Packages)
	w.changes("file", p.Files)
	if len(p.Config) > 0 {
		w.head("config", "from", "to")
		for _, value := range p.Config[:min(len(p.Config), shown)] {
			w.row(value.Key, excerpt(value.From), excerpt(value.To))
		}
		w.more(len(p.Config), "value")
	}
	if len(p.Layers)+len(p.Packages)+len(p.Files)+len(p.Config) == 0 {
		w.line("the files and the config are the same: only annotations, times or the compression differ")
	}
}

func (w *writer) changes(kind string, all []Change) {
	if len(all) == 0 {
		return
	}
	w.head(kind, "change", "by")
	for _, change := range all[:min(len(all), shown)] {
		w.row(change.Name, change.what(kind), sizes.Signed(change.By))
	}
	w.more(len(all), kind)
}

// what returns the difference of a thing in words.
func (c Change) what(kind string) string {
	switch {
	case c.From == "" && kind == "package":
		return "new, " + c.To
	case c.To == "" && kind == "package":
		return "gone, " + c.From
	case c.From == "":
		return "new"
	case c.To == "":
		return "gone"
	case kind == "layer":
		return "changed"
	case c.From == c.To && kind == "file":
		return "another content"
	case c.From == c.To:
		return c.To + ", other files"
	}
	return c.From + " to " + c.To
}

func (w *writer) head(cells ...string) {
	if w.markdown {
		w.line("\n| %s |\n| --- | --- | ---: |", strings.Join(cells, " | "))
		return
	}
	w.row(strings.ToUpper(cells[0]), strings.ToUpper(cells[1]), strings.ToUpper(cells[2]))
}

func (w *writer) row(name, what, by string) {
	if w.markdown {
		w.line("| %s | %s | %s |", w.plain(name), w.plain(what), w.plain(by))
		return
	}
	last := min(24, max(10, w.view.Columns/6))
	first := (w.view.Columns - last - 6) / 2
	w.line("  %s  %s  %s", w.view.Pad(name, first), w.view.Pad(what, w.view.Columns-first-last-6), strings.TrimRight(w.view.Pad(by, last), " "))
}

func (w *writer) more(n int, thing string) {
	if n > shown {
		w.line("%s%s more: --format json has them", map[bool]string{true: "\n", false: "  "}[w.markdown], human.Count(n-shown, thing))
	}
}

// excerpt returns a value, in which nothing is long.
func excerpt(value string) string { return human.Excerpt(cmp.Or(value, "-"), 80) }
