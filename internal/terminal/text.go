package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Clean returns a text on one line, with "?" for characters that would not show as themselves on a terminal.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}

// Columns returns the width of a text on a terminal.
func Columns(text string) int { return ansi.StringWidth(text) }

// Fit cleans a text, and takes out its middle if it is wider than columns.
func (v View) Fit(text string, columns int) string {
	text = Clean(text)
	if v.ASCII {
		text = strings.Map(func(r rune) rune {
			if r > unicode.MaxASCII {
				return '?'
			}
			return r
		}, text)
	}
	if Columns(text) <= columns {
		return text
	}
	gap := "…"
	if v.ASCII {
		gap = "~"
	}
	room := columns - 1
	if room <= 0 {
		return strings.Repeat(gap, max(columns, 0))
	}
	left := ansi.Truncate(text, room/2, "")
	right := ansi.TruncateLeft(text, Columns(text)-(room-Columns(left)), "")
	return left + gap + right
}

// Pad fits a text, and fills it up to be exactly as wide as columns.
func (v View) Pad(text string, columns int) string {
	text = v.Fit(text, columns)
	return text + strings.Repeat(" ", max(0, columns-Columns(text)))
}

// Bar returns a bar for a share from 0 to 1 of a width. A share above 0 is seen.
func (v View) Bar(share float64, columns int) string {
	block := "▇"
	if v.ASCII {
		block = "#"
	}
	n := int(share*float64(columns) + 0.5)
	if share > 0 {
		n = max(n, 1)
	}
	return strings.Repeat(block, min(n, columns))
}
