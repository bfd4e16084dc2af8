package images

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest returns the choice that word is probably meant to be, or "" where none is near: at most one mistake for
// every three letters begun (two letters in the wrong order are two mistakes).
func nearest(word string, choices []string) string {
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
