package sizes

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// Version is the record as a commit has it.
type Version struct {
	Commit  string // abbreviated
	Date    string // YYYY-MM-DD
	Subject string
	Record  Record
}

// Line is the history of an image on a platform: the commits at which its sizes changed, the oldest first.
type Line struct {
	Name     string  `json:"name"`
	Platform string  `json:"platform"`
	Points   []Point `json:"points"`
}

// Point is a change of an image.
type Point struct {
	Commit         string `json:"commit"`
	Date           string `json:"date"`
	Subject        string `json:"subject"`
	DockerSize     int64  `json:"docker_size"`
	CompressedSize int64  `json:"compressed_size"`
	Moved          []Move `json:"moved,omitempty"` // since the point before
}

// History returns the lines of the images that the newest version has, in its order. versions are the oldest first.
func History(versions []Version) []Line {
	if len(versions) == 0 {
		return nil
	}
	var lines []Line
	for _, image := range versions[len(versions)-1].Record.Images {
		line := Line{Name: image.Name, Platform: image.Platform}
		var last Image
		for _, version := range versions {
			for _, row := range version.Record.Images {
				if !row.samePlace(image) || row.DockerSize == last.DockerSize && row.CompressedSize == last.CompressedSize {
					continue
				}
				point := Point{Commit: version.Commit, Date: version.Date, Subject: version.Subject, DockerSize: row.DockerSize, CompressedSize: row.CompressedSize}
				if len(line.Points) > 0 {
					point.Moved = moved(last, row)
				}
				line.Points = append(line.Points, point)
				last = row
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// HistoryFormats returns the formats of [RenderHistory].
func HistoryFormats() []string { return []string{"table", "markdown", "json"} }

// RenderHistory writes lines in one of the [HistoryFormats].
func RenderHistory(w io.Writer, lines []Line, format string) error {
	if _, err := suggest.OneOf(format, HistoryFormats()...); err != nil {
		return err
	}
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(lines)
	}
	var text []string
	for _, line := range lines {
		text = append(text, line.text(format)...)
	}
	_, err := fmt.Fprintln(w, strings.TrimSpace(strings.Join(text, "\n")))
	return err
}

// text shows a line as a heading and a table.
func (l Line) text(format string) []string {
	head := []string{"commit", "date", "docker size", "change", "compressed", "what moved"}
	show, heading := terminal.Clean, terminal.Clean(l.Name+" ("+l.Platform+")")
	if format == "markdown" {
		show, heading = Plain, "### "+Plain(l.Name+" ("+l.Platform+")")
	}
	var rows [][]string
	former := int64(0)
	for _, p := range l.Points {
		var moves []string
		for _, move := range p.Moved[:min(len(p.Moved), 3)] {
			moves = append(moves, show(move.String()))
		}
		if more := len(p.Moved) - 3; more > 0 {
			moves = append(moves, fmt.Sprintf("%d more", more))
		}
		rows = append(rows, []string{show(p.Commit), show(p.Date), human.Bytes(p.DockerSize), change(former, p.DockerSize), human.Bytes(p.CompressedSize), strings.Join(moves, ", ")})
		former = p.DockerSize
	}
	text := []string{heading, ""}
	if format == "markdown" {
		for _, row := range append([][]string{head, {"---", "---", "---:", "---:", "---:", "---"}}, rows...) {
			text = append(text, "| "+strings.Join(row, " | ")+" |")
		}
		return append(text, "")
	}
	for i := range head {
		head[i] = strings.ToUpper(head[i])
	}
	return append(append([]string{heading}, align(append([][]string{head}, rows...), 2, 3, 4)...), "")
}
