// Package terminal keeps text that others have written, such as the answer of a container or the log of an action, from
// commanding the user's terminal:
//
//	out := terminal.Guard(os.Stdout)
//
// Text for a file or a pipe is not changed.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// Guard returns a writer that escapes unprintable characters if file is a terminal, else file itself.
func Guard(file *os.File) io.Writer {
	if !term.IsTerminal(int(file.Fd())) {
		return file
	}
	return guard{file}
}

type guard struct{ w io.Writer }

func (g guard) Write(p []byte) (int, error) {
	if _, err := io.WriteString(g.w, Escape(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Escape returns a text that is safe on a terminal. Control characters, except line ends and tabs, and characters that
// turn the direction of writing become JSON escapes such as \u001b; bytes that are not UTF-8 become \x9b.
func Escape(text []byte) string {
	var out strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[0])
		case r != '\n' && r != '\t' && unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.Write(text[:size])
		}
		text = text[size:]
	}
	return out.String()
}
