package dev

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// names gives files of the action their names in the user's folder, in place of those that they have in a container or
// in a temporary folder of this machine.
type names struct {
	inside *regexp.Regexp
	ours   string // for the expression's match; "" for an action that has no such files
}

// namesOf returns the names of the action at path. Its temporary folders begin with prefix.
func namesOf(path, prefix string) names {
	stat, err := os.Stat(path)
	if err != nil {
		return names{}
	}
	folder := `(?:/[^\s"']*/` + regexp.QuoteMeta(prefix) + `[^/\s]*/action-\d+)?/action/`
	ours := path + "/"
	if !stat.IsDir() {
		ours, folder = path, `(?:`+folder+`exec|(?:`+folder+`)?`+regexp.QuoteMeta("main"+filepath.Ext(path))+`)\b`
	}
	return names{regexp.MustCompile(`(^|[^\w./-])` + folder), "${1}" + strings.ReplaceAll(ours, "$", "$$")}
}

// in returns a text with the user's names.
func (n names) in(text string) string {
	if n.inside == nil {
		return text
	}
	return n.inside.ReplaceAllString(text, n.ours)
}

// numbered is a line of a file, as the languages name it.
var numbered = regexp.MustCompile(`(?::|: line |", line )\d+\b`)

// reason returns what a start's failure says of the code: its last log lines, from the first that names a line of path.
func reason(text, path string) string {
	_, log, found := strings.Cut(text, "; last log lines: ")
	if !found {
		return text
	}
	lines := strings.Split(log, " | ")
	for i, entry := range lines {
		at := strings.Index(entry, path)
		if at >= 0 && numbered.MatchString(entry[at:]) {
			return "it does not start: " + strings.Join(lines[i:], " | ")
		}
	}
	return "it does not start: " + log
}
