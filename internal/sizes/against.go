package sizes

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
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
	From             string `json:"from,omitempty"` // the record of the last build, where the row is of that
}

// Against compares the rows with a former record's rows for the same images and platforms.
func (r Record) Against(former Record) Comparison {
	comparison := Comparison{Changed: []Difference{}}
	for _, image := range r.Images {
		row := Difference{Name: image.Name, Platform: image.Platform, DockerSize: image.DockerSize, CompressedSize: image.CompressedSize, From: image.From}
		if at := slices.IndexFunc(former.Images, image.samePlace); at >= 0 {
			row.FormerDocker, row.FormerCompressed = former.Images[at].DockerSize, former.Images[at].CompressedSize
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
		for _, line := range append([][]string{head, {"---", "---", "---:", "---:", "---:", "---:"}}, c.rows()...) {
			text = append(text, "| "+strings.Join(line, " | ")+" |")
		}
		if c.Same > 0 {
			text = append(text, "")
		}
	case "table":
		for i := range head {
			head[i] = strings.ToUpper(head[i])
		}
		text = align(append([][]string{head}, c.rows()...), 2, 3, 4, 5)
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

func (c Comparison) rows() [][]string {
	var rows [][]string
	for _, row := range c.Changed {
		name := row.Name
		if row.From != "" {
			name += "+"
		}
		rows = append(rows, []string{name, row.Platform,
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

// change tells a difference, such as "+12.0 kB (+0.4 %)".
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
