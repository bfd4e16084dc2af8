package picture

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// Page is a page about images: bars, a treemap of every byte, a table, and their history.
type Page struct {
	Title   string
	Note    string // below the title
	Record  sizes.Record
	History []sizes.Line
	Boxes   int // how many are told of an image, the largest; 0 for all
}

var (
	//go:embed page.html
	source string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	script string
)

// row is a line of the table.
type row struct {
	Name, Platform                     string
	Docker, Compressed                 int64
	DockerText, CompressedText, Factor string
}

// Write writes the page. Without scripts it has the pictures and the table.
func (p Page) Write(w io.Writer) error {
	page, err := template.New("page").Parse(source)
	if err != nil {
		return err
	}
	var bars, past bytes.Buffer
	if err := SVG(&bars, p.Record); err != nil {
		return err
	}
	if len(p.History) > 0 {
		if err := History(&past, p.History); err != nil {
			return err
		}
	}
	trees := []any{}
	var rows []row
	for _, image := range p.Record.Images {
		one := row{terminal.Clean(image.Name), terminal.Clean(image.Platform), image.DockerSize, image.CompressedSize, human.Bytes(image.DockerSize), human.Bytes(image.CompressedSize), ""}
		if len(p.Record.References) > 0 {
			one.Factor = p.Record.References[0].Factor(image.DockerSize)
		}
		rows = append(rows, one)
		box := image.Box()
		if p.Boxes > 0 {
			box = box.Largest(p.Boxes)
		}
		box.Name = image.Name + " (" + image.Platform + ")"
		trees = append(trees, compact(box))
	}
	data, err := json.Marshal(trees) // with <, > and & escaped, so that no text ends the script
	if err != nil {
		return err
	}
	reference := ""
	if len(p.Record.References) > 0 {
		reference = terminal.Clean(p.Record.References[0].Short())
	}
	return page.Execute(w, map[string]any{
		"Title": terminal.Clean(p.Title), "Note": terminal.Clean(p.Note), "Style": template.CSS(pageStyle), "Script": template.JS(script), "Data": template.JS(data), "Rows": rows, "Reference": reference,
		"Bars": template.HTML(bars.String()), "History": template.HTML(distinct(past.String())),
	})
}

// distinct returns the second picture of a page with its own identifiers. It shares the style of the first.
func distinct(svg string) string {
	svg = strings.NewReplacer(`id="title"`, `id="past-title"`, `id="description"`, `id="past-description"`, `aria-labelledby="title description"`, `aria-labelledby="past-title past-description"`).Replace(svg)
	before, rest, _ := strings.Cut(svg, "<style>")
	_, after, _ := strings.Cut(rest, "</defs>")
	return before + after
}

// compact returns a box as an array: kind, name, size, and the boxes in it, if there are any.
func compact(box sizes.Box) any {
	all := []any{letters[box.Kind], terminal.Clean(box.Name), box.Size}
	if len(box.Boxes) > 0 {
		inner := make([]any, 0, len(box.Boxes))
		for _, one := range box.Boxes {
			inner = append(inner, compact(one))
		}
		all = append(all, inner)
	}
	return all
}

// letters stand for kinds; page.js has the words.
var letters = map[sizes.Kind]string{
	sizes.KindImage: "i", sizes.KindLayer: "l", sizes.KindPackage: "p", sizes.KindFile: "f", sizes.KindHidden: "h",
	sizes.KindLinks: "s", sizes.KindGo: "g", sizes.KindPart: "t", sizes.KindMore: "m",
}
