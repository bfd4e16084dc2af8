// Package suggest finds the nearest word to a mistyped one, and names the words that are allowed.
package suggest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Word returns the choice that is nearest to word, or "" if none is near. A choice is near if it has at most one
// mistake for every three letters of word, rounded up. Two swapped letters are two mistakes.
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

// OneOf returns a word if it is one of the choices, else an error that names them, such as
//
//	"dokcer" is not one of oci, docker (did you mean "docker"?)
func OneOf[T ~string](word T, choices ...T) (T, error) {
	if slices.Contains(choices, word) {
		return word, nil
	}
	var words []string
	for _, choice := range choices {
		words = append(words, string(choice))
	}
	text := fmt.Sprintf("%q is not one of %s", word, strings.Join(words, ", "))
	if near := Word(string(word), words); near != "" {
		text += fmt.Sprintf(" (did you mean %q?)", near)
	}
	return "", errors.New(text)
}
