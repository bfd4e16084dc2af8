package sizes

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// Formats returns the formats of [Record.Render].
func Formats() []string { return []string{"table", "markdown", "json", "csv", "badge"} }

// Render writes the record in one of the [Formats].
func (r Record) Render(w io.Writer, format string) error {
	switch format {
	case "table":
		return r.table(w)
	case "markdown":
		return r.markdown(w)
	case "json":
		text, err := r.Marshal()
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	case "csv":
		return r.csv(w)
	case "badge":
		return r.badge(w)
	}
	_, err := suggest.OneOf(format, Formats()...)
	return err
}

func (r Record) table(w io.Writer) error {
	if len(r.Images) > 0 {
		lines := append([][]string{r.head(func(reference Reference) string { return terminal.Clean(reference.Short()) })}, r.rows(terminal.Clean)...)
		lines[0] = upper(lines[0])
		for _, line := range append(align(lines, 2, 3), cleaned(r.footnotes())...) {
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	lines := [][]string{{"REFERENCE", "DOCKER SIZE", "SOURCE"}}
	for _, reference := range r.References {
		lines = append(lines, []string{terminal.Clean(reference.Name), human.Bytes(reference.DockerSize), reference.how() + ": " + terminal.Clean(reference.Source)})
	}
	for _, line := range align(lines, 1) {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

func (r Record) markdown(w io.Writer) error {
	head := r.head(func(reference Reference) string {
		return fmt.Sprintf("%s, %s", Plain(reference.Short()), human.Bytes(reference.DockerSize))
	})
	rule := slices.Repeat([]string{"---"}, len(head))
	rule[2], rule[3] = "---:", "---:"
	for _, line := range append([][]string{head, rule}, r.rows(Plain)...) {
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(line, " | ")); err != nil {
			return err
		}
	}
	notes := []string{""}
	for _, note := range r.footnotes() {
		notes = append(notes, `\`+note[:1]+Plain(note[1:]), "")
	}
	for _, reference := range r.References {
		notes = append(notes, fmt.Sprintf("- %s, %s, %s: %s", Plain(reference.Name), human.Bytes(reference.DockerSize), Plain(reference.how()), reference.source()))
	}
	_, err := fmt.Fprintln(w, strings.Join(notes, "\n"))
	return err
}

func (r Record) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	lines := [][]string{{"name", "platform", "digest", "docker_size", "compressed_size", "tar_size", "built_with", "from"}}
	for _, row := range r.Images {
		lines = append(lines, []string{row.Name, row.Platform, row.Digest, number(row.DockerSize), number(row.CompressedSize), number(row.TarSize), row.marks(), row.From})
	}
	for _, reference := range r.References {
		compressed, tar := "", ""
		if !reference.Quoted() {
			compressed, tar = number(reference.CompressedSize), number(reference.TarSize)
		}
		lines = append(lines, []string{reference.Name, reference.Platform, reference.Digest, number(reference.DockerSize), compressed, tar, "", ""})
	}
	return out.WriteAll(lines)
}

func (r Record) head(title func(Reference) string) []string {
	head := []string{"image", "platform", "docker size", "compressed"}
	for _, reference := range r.References {
		head = append(head, title(reference))
	}
	return head
}

func (r Record) rows(show func(string) string) [][]string {
	var rows [][]string
	for _, image := range r.Images {
		name := show(image.Name)
		if image.marks() != "" {
			name += "*"
		}
		if image.From != "" {
			name += "+"
		}
		row := []string{name, show(image.Platform), human.Bytes(image.DockerSize), human.Bytes(image.CompressedSize)}
		for _, reference := range r.References {
			row = append(row, reference.Factor(image.DockerSize))
		}
		rows = append(rows, row)
	}
	return rows
}

// footnotes returns a note on the inputs of marked rows, one for all rows with the same marks.
func (r Record) footnotes() []string {
	var order []string // of marks
	rows := map[string][]string{}
	for _, image := range r.Images {
		marks := image.marks()
		if marks == "" {
			continue
		}
		if rows[marks] == nil {
			order = append(order, marks)
		}
		rows[marks] = append(rows[marks], fmt.Sprintf("%s (%s)", image.Name, image.Platform))
	}
	var notes []string
	for _, marks := range order {
		notes = append(notes, fmt.Sprintf("* %s: built with %s", strings.Join(rows[marks], ", "), marks))
	}
	var last []string
	from := ""
	for _, image := range r.Images {
		if image.From != "" {
			last, from = append(last, fmt.Sprintf("%s (%s)", image.Name, image.Platform)), image.From
		}
	}
	if from != "" {
		notes = append(notes, fmt.Sprintf("+ %s: of the last build, %s; mkimage sizes --update takes it over", strings.Join(last, ", "), from))
	}
	return notes
}

// marks lists the inputs beside the toolchain, which every image has.
func (i Image) marks() string {
	var marks []string
	for name, value := range i.Inputs {
		if name != "toolchain" {
			marks = append(marks, name+" "+value)
		}
	}
	slices.Sort(marks)
	return strings.Join(marks, ", ")
}

func cleaned(lines []string) []string {
	for i, line := range lines {
		lines[i] = terminal.Clean(line)
	}
	return lines
}

func upper(cells []string) []string {
	out := slices.Clone(cells)
	for i, cell := range out[:4] {
		out[i] = strings.ToUpper(cell)
	}
	return out
}

// align pads the cells of each column to one width, two blanks apart; the columns in right are flush right.
func align(lines [][]string, right ...int) []string {
	var widths []int
	for _, line := range lines {
		for n, cell := range line {
			if n == len(widths) {
				widths = append(widths, 0)
			}
			widths[n] = max(widths[n], terminal.Columns(cell))
		}
	}
	aligned := make([]string, len(lines))
	for i, line := range lines {
		cells := make([]string, len(line))
		for n, cell := range line {
			blanks := strings.Repeat(" ", widths[n]-terminal.Columns(cell))
			if slices.Contains(right, n) {
				cells[n] = blanks + cell
			} else {
				cells[n] = cell + blanks
			}
		}
		aligned[i] = strings.TrimRight(strings.Join(cells, "  "), " ")
	}
	return aligned
}
