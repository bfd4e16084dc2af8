package progress

import (
	"bytes"
	"strings"
	"sync"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

const (
	keptLines   = 20   // how many of the last lines of a step are there to be shown when it fails
	longestLine = 4096 // bytes; a longer line is shown as several
)

// output is the output of a step's program.
type output struct {
	mutex sync.Mutex
	last  []string // the last whole lines, up to keptLines
	begun []byte   // a line that has not ended
}

// add takes output and returns the lines that it ends. Blank lines are left out.
func (o *output) add(written []byte) (lines []string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.begun = append(o.begun, written...)
	for {
		line, rest, ended := bytes.Cut(o.begun, []byte("\n"))
		if !ended && len(line) > longestLine {
			line = overwritten(line)
			ended = len(line) > longestLine
		}
		if !ended {
			o.begun = line
			break
		}
		if text := readable(line); text != "" {
			lines = append(lines, text)
		}
		o.begun = rest
	}
	o.last = append(o.last, lines...)
	o.last = o.last[max(0, len(o.last)-keptLines):]
	return lines
}

// tail returns the last n lines, the one that has not ended among them.
func (o *output) tail(n int) []string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	lines := o.last
	if text := readable(o.begun); text != "" {
		lines = append(lines[:len(lines):len(lines)], text)
	}
	return lines[max(0, len(lines)-n):]
}

// overwritten returns the visible part of a line with carriage returns.
func overwritten(line []byte) []byte {
	line = bytes.TrimRight(line, "\r")
	return line[bytes.LastIndexByte(line, '\r')+1:]
}

// readable returns a line that can be shown anywhere: without control sequences and characters, which could move the
// cursor, colour the following text or worse.
func readable(line []byte) string {
	text := ansi.Strip(strings.ToValidUTF8(string(overwritten(line)), "\uFFFD"))
	text = strings.ReplaceAll(text, "\t", "    ")
	return strings.TrimRightFunc(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text), unicode.IsSpace)
}
