package terminal

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
)

// narrowest is the width below which a terminal is taken for none.
const narrowest = 20

// Fit returns a writer to w that breaks lines of tables at the width of the terminal that file is: between columns, and a last
// column between words. Where file is no terminal, it is w itself. Lines are written when they are whole.
func Fit(w io.Writer, file *os.File) io.Writer {
	width := Width(file)
	if width == 0 {
		return w
	}
	return &fit{w: w, width: width}
}

type fit struct {
	w     io.Writer
	width int
	begun []byte // a line that has not ended
}

func (f *fit) Write(p []byte) (int, error) {
	f.begun = append(f.begun, p...)
	for {
		line, rest, ended := bytes.Cut(f.begun, []byte("\n"))
		if !ended {
			return len(p), nil
		}
		if _, err := io.WriteString(f.w, broken(string(line), f.width)+"\n"); err != nil {
			return 0, err
		}
		f.begun = rest
	}
}

var gap = regexp.MustCompile(` {2,}`)

// continued is the indent of what does not fit on the line of its row.
const continued = 4

// broken returns the line of a row as lines of at most so many columns, but for words that are longer.
func broken(line string, width int) string {
	if Columns(line) <= width {
		return line
	}
	cells := strings.TrimLeft(line, " ")
	at := len(line) - len(cells)
	text := line[:at]
	indent := at + continued
	for before := ""; cells != ""; {
		cell, next, rest := cells, "", ""
		if ends := gap.FindStringIndex(cells); ends != nil {
			cell, next, rest = cells[:ends[0]], cells[ends[0]:ends[1]], cells[ends[1]:]
		}
		if room := width - at - len(before); before != "" && (room <= 0 || Columns(cell) > room && (rest != "" || room < width/3)) {
			text, at, before = text+"\n"+strings.Repeat(" ", indent), indent, ""
		}
		cell = Hang(cell, at+len(before), width)
		text += before + cell
		at = Columns(text[strings.LastIndex(text, "\n")+1:])
		before, cells = next, rest
	}
	return text
}
