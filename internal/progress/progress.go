// Package progress shows a person or a program how far the work is: in place on a terminal, elsewhere as a line for
// each finished step, or as JSON.
//
//	display := progress.New(os.Stderr, progress.Auto)
//	defer display.Close()
//	step := display.Start("compile the proxy for linux/amd64")
//	program, err := compile()
//	step.End(human.Bytes(len(program)), err)
//
// The output of a step's program is written to the [Step]: a terminal shows its last lines below the step while it
// runs, and elsewhere each line stands behind the step's name. When the step fails, its last lines stay.
//
// In JSON every line is an object with these fields:
//
//	event    "start", "output", "done", "failed", "canceled", "text", "warning" or "error"
//	step     the step's name (start, output, done, failed, canceled)
//	seconds  how long the step took, in milliseconds' precision (done, failed, canceled)
//	detail   the result of the step, if it has one to tell (done)
//	text     a line of the output of the step's program (output), or a line for people (text, warning)
//	error    the reason (failed, error)
package progress

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// Mode says how progress is shown.
type Mode string

const (
	Auto  Mode = "auto"  // in place on a terminal, else as Plain
	Plain Mode = "plain" // a line for each finished step
	JSON  Mode = "json"  // an object a line
	None  Mode = "none"  // only errors and warnings
)

// ParseMode reads the value of --progress.
func ParseMode(value string) (Mode, error) {
	mode, err := suggest.OneOf(Mode(value), Auto, Plain, JSON, None)
	if err != nil {
		return "", fmt.Errorf("--progress: %w", err)
	}
	return mode, nil
}

// Display shows steps. Its methods may be called from several goroutines.
type Display struct{ view view }

// view is one way to show. Its methods are called from several goroutines.
type view interface {
	start(*Step)
	output(s *Step, lines []string)
	end(*Step)
	cancel(*Step)
	text(line string)
	warn(line string)
	count(tally)
	fail(err error)
	close()
}

// New returns a display that writes to w.
func New(w io.Writer, mode Mode) *Display {
	switch mode {
	case JSON:
		return &Display{newLines(w, jsonLine)}
	case None:
		return &Display{newLines(w, errorLine)}
	case Auto:
		if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb" {
			size := func() (width, height int) {
				width, height, _ = term.GetSize(int(file.Fd()))
				return width, height
			}
			return &Display{newLive(file, size, styleOf(os.Getenv))}
		}
	}
	return &Display{newLines(w, plainLine)}
}

// Text shows a line for people.
func (d *Display) Text(line string) { d.view.text(line) }

// Warn shows a line for people, also in mode [None]: all was done that they asked for, except for this.
func (d *Display) Warn(line string) { d.view.warn(line) }

// Error shows why the whole work failed: a line for each of the errors that are joined in err.
func (d *Display) Error(err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			d.Error(err)
		}
		return
	}
	d.view.fail(err)
}

// Close ends the display. Steps that have not ended disappear from a terminal.
func (d *Display) Close() { d.view.close() }

// oneLine returns an error's text, some of which is foreign, as a line that can be shown anywhere.
func oneLine(err error) string {
	return readable([]byte(human.Line(err.Error())))
}
