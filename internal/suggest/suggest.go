// Package suggest finds the word that somebody probably meant.
package suggest

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Word returns the choice that word is probably meant to be, or "" when none is near: at most one mistake for every
// three letters begun (two letters in the wrong order are two mistakes).
func Word(word string, choices []string) string {
	best, distance := "", 1+(len(word)+2)/3
	for _, choice := range choices {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(choice)); d < distance {
			best, distance = choice, d
		}
	}
	if best == word {
		return ""
	}
	return best
}

// Choices says what there is, for the end of an error: "there are a, b, c (did you mean "b"?)".
func Choices(word string, choices []string) string {
	text := "there are " + strings.Join(choices, ", ")
	if near := Word(word, choices); near != "" {
		text += fmt.Sprintf(" (did you mean %q?)", near)
	}
	return text
}
