package terminal

import (
	"os"
	"strings"

	"golang.org/x/term"
)

// Wrap breaks the paragraphs of a text anew, between words, so that no line is wider than columns. Lines that begin with a
// space or a tab stay lines, and are broken below themselves. With columns 0, the text stays as it is.
func Wrap(text string, columns int) string {
	if columns <= 0 {
		return text
	}
	var out []string
	var paragraph []string
	end := func() {
		if len(paragraph) > 0 {
			out = append(out, fill(strings.Join(paragraph, " "), columns))
		}
		paragraph = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == ' ' || line[0] == '\t' {
			end()
			out = append(out, below(line, columns))
			continue
		}
		paragraph = append(paragraph, line)
	}
	end()
	return strings.Join(out, "\n")
}

// below breaks an indented line that is too wide. A text in its second column, which two blanks begin, goes on there, or
// where that leaves little room, below the first column.
func below(line string, columns int) string {
	if Columns(line) <= columns {
		return line
	}
	body := strings.TrimLeft(line, " \t")
	indent := len(line) - len(body)
	gap := strings.LastIndex(body, "  ")
	if gap < 0 {
		return line[:indent] + Hang(body, indent+deeper, columns)
	}
	first, text := strings.TrimRight(line[:indent+gap], " "), body[gap+2:]
	if at := indent + gap + 2; columns-at >= columns/2 {
		return line[:at] + Hang(text, at, columns)
	}
	return first + "\n" + strings.Repeat(" ", indent+deeper) + Hang(text, indent+deeper, columns)
}

// deeper is the indent of what goes on below a line, beside that of the line.
const deeper = 4

// fill breaks a text between words alone: flags and addresses have hyphens, which end no line.
func fill(text string, columns int) string {
	var out strings.Builder
	used := 0
	for i, word := range strings.Fields(text) {
		width := Columns(word)
		switch {
		case i == 0:
		case used+1+width > columns:
			out.WriteByte('\n')
			used = 0
		default:
			out.WriteByte(' ')
			used++
		}
		out.WriteString(word)
		used += width
	}
	return out.String()
}

// Hang breaks a text that stands behind an indent of some columns: its further lines are indented as well. Where less than
// a third of the columns is left, or columns is 0, the text stays as it is.
func Hang(text string, indent, columns int) string {
	if columns-indent < columns/3 || columns <= 0 {
		return text
	}
	return strings.ReplaceAll(fill(text, columns-indent), "\n", "\n"+strings.Repeat(" ", indent))
}

// Width returns the columns of the terminal that file is, or 0 where it is none.
func Width(file *os.File) int {
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < narrowest {
		return 0
	}
	return width
}
