package sizes

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// Comparison holds the differences between the rows of two records.
type Comparison struct {
	Changed []Difference `json:"changed"` // rows of another size, or that are new
	Same    int          `json:"same"`    // how many rows have the sizes that they had
}

// Difference is a row with its former sizes, which are 0 for a row that is new. Sizes are in bytes.
type Difference struct {
	Name             string `json:"name"`
	Platform         string `json:"platform"`
	DockerSize       int64  `json:"docker_size"`
	CompressedSize   int64  `json:"compressed_size"`
	FormerDocker     int64  `json:"former_docker_size,omitempty"`
	FormerCompressed int64  `json:"former_compressed_size,omitempty"`
	Moved            []Move `json:"moved,omitempty"` // the parts of the difference, the largest first
	From             string `json:"from,omitempty"`  // the record of the last build, where the row is of that
}

// Against compares the rows with a former record's rows for the same images and platforms.
func (r Record) Against(former Record) Comparison {
	comparison := Comparison{Changed: []Difference{}}
	for _, image := range r.Images {
		row := Difference{Name: image.Name, Platform: image.Platform, DockerSize: image.DockerSize, CompressedSize: image.CompressedSize, From: image.From}
		if at := slices.IndexFunc(former.Images, image.samePlace); at >= 0 {
			row.FormerDocker, row.FormerCompressed = former.Images[at].DockerSize, former.Images[at].CompressedSize
			row.Moved = moved(former.Images[at], image)
		}
		if row.FormerDocker == row.DockerSize && row.FormerCompressed == row.CompressedSize {
			comparison.Same++
			continue
		}
		comparison.Changed = append(comparison.Changed, row)
	}
	return comparison
}

// ComparisonFormats returns the formats of [Comparison.Render].
func ComparisonFormats() []string { return []string{"table", "markdown", "json"} }

// Render writes the comparison in one of the [ComparisonFormats].
func (c Comparison) Render(w io.Writer, format string) error {
	head := []string{"image", "platform", "docker size", "change", "compressed", "change"}
	var text []string
	switch format {
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(c)
	case "markdown":
		for _, line := range append([][]string{head, {"---", "---", "---:", "---:", "---:", "---:"}}, c.rows(Plain)...) {
			text = append(text, "| "+strings.Join(line, " | ")+" |")
		}
		if c.Same > 0 {
			text = append(text, "")
		}
	case "table":
		for i := range head {
			head[i] = strings.ToUpper(head[i])
		}
		text = align(append([][]string{head}, c.rows(terminal.Clean)...), 2, 3, 4, 5)
	default:
		_, err := suggest.OneOf(format, ComparisonFormats()...)
		return err
	}
	if len(c.Changed) == 0 {
		text = nil
	}
	if len(c.Changed) == 0 || c.Same > 0 {
		text = append(text, c.summary())
	}
	text = append(text, c.details(format)...)
	if at := slices.IndexFunc(c.Changed, func(d Difference) bool { return d.From != "" }); at >= 0 {
		text = append(text, "", escaped(format)+"+ of the last build, "+c.Changed[at].From)
	}
	_, err := fmt.Fprintln(w, strings.Join(text, "\n"))
	return err
}

// summary counts the images that have no row.
func (c Comparison) summary() string {
	switch {
	case len(c.Changed) == 0:
		return "No image has another size."
	case c.Same == 1:
		return "1 image has the size that it had."
	}
	return fmt.Sprintf("%d images have the sizes that they had.", c.Same)
}

// details shows the images that differ as bars, and which packages and layers make the difference.
func (c Comparison) details(format string) []string {
	var bars []Bar
	var moves []string
	show, mark := terminal.Clean, "  "
	if format == "markdown" {
		show, mark = Plain, "- "
	}
	for _, row := range c.Changed {
		title := row.Name + " (" + row.Platform + ")"
		bars = append(bars, Bar{Title: title, Size: row.DockerSize})
		if row.FormerDocker > 0 && row.FormerDocker != row.DockerSize {
			bars = append(bars, Bar{Title: "  before", Size: row.FormerDocker})
		}
		var texts []string
		for _, move := range row.Moved[:min(len(row.Moved), mostMoves)] {
			texts = append(texts, show(move.String()))
		}
		if more := len(row.Moved) - mostMoves; more > 0 {
			texts = append(texts, fmt.Sprintf("%d more", more))
		}
		if len(texts) > 0 {
			moves = append(moves, mark+show(title)+": "+strings.Join(texts, ", "))
		}
	}
	var text []string
	if len(bars) > 0 && len(c.Changed) <= many {
		for _, reference := range References()[:2] {
			bars = append(bars, Bar{Title: reference.Short(), Size: reference.DockerSize, Note: "quoted"})
		}
		text = append(text, "")
		if format == "markdown" {
			text = append(text, "```text")
		}
		text = append(text, Bars(bars, barColumns)...)
		if format == "markdown" {
			text = append(text, "```")
		}
	}
	if len(moves) > 0 {
		text = append(append(text, ""), moves...)
	}
	return text
}

// The limits of the report on a change.
const (
	mostMoves  = 12 // packages and layers of an image
	barColumns = 30
)

func (c Comparison) rows(show func(string) string) [][]string {
	var rows [][]string
	for _, row := range c.Changed {
		name := show(row.Name)
		if row.From != "" {
			name += "+"
		}
		rows = append(rows, []string{name, show(row.Platform),
			human.Bytes(row.DockerSize), change(row.FormerDocker, row.DockerSize),
			human.Bytes(row.CompressedSize), change(row.FormerCompressed, row.CompressedSize)})
	}
	return rows
}

// escaped stands before a mark at the begin of a line, which markdown would take for a list.
func escaped(format string) string {
	if format == "markdown" {
		return `\`
	}
	return ""
}

// change returns a difference in words, such as "+12.0 kB (+0.4 %)".
func change(former, now int64) string {
	switch {
	case former == 0:
		return "new"
	case former == now:
		return "same"
	}
	sign, by := "+", now-former
	if by < 0 {
		sign, by = "-", -by
	}
	return fmt.Sprintf("%s%s (%s%.1f %%)", sign, human.Bytes(by), sign, 100*float64(by)/float64(former))
}
