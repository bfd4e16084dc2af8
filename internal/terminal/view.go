package terminal

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// View is the width and the character set of text.
type View struct {
	Columns int
	ASCII   bool // for terminals that show nothing else
}

// The widths of text. Text that is not for a terminal has the usual width, so that it is the same everywhere.
const (
	Usual  = 80
	narrow = 40
	wide   = 200
)

// Of returns the view of a writer.
func Of(w io.Writer) View {
	if behind, is := w.(guard); is {
		w = behind.w
	}
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return View{Columns: Usual}
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil || columns <= 0 {
		columns = Usual
	}
	return View{Columns: min(max(columns, narrow), wide), ASCII: !utf8Locale(os.Getenv)}
}

// utf8Locale reports whether the locale has UTF-8, or does not say (POSIX, "Environment Variables": the first that is
// set of LC_ALL, LC_CTYPE and LANG).
func utf8Locale(variable func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(variable(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return true
}
