package terminal

import (
	"bytes"
	"io"
	"os"

	"github.com/charmbracelet/x/ansi"
)

// narrowest is the width below which a terminal is taken for none.
const narrowest = 20

// Fit returns a writer to w that cuts lines at the width of the terminal that file is, so that a table stays one. Where
// file is no terminal, it is w itself. Lines are written when they are whole.
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
		if _, err := io.WriteString(f.w, ansi.Truncate(string(line), f.width, "…")+"\n"); err != nil {
			return 0, err
		}
		f.begun = rest
	}
}
