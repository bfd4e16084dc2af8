package suggest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Words returns up to n choices that are near to word, the nearest first. A choice is near as for [Word], or if it
// begins with word, or word with it.
func Words(word string, choices []string, n int) []string {
	type near struct {
		choice   string
		distance int
	}
	var all []near
	for _, choice := range choices {
		d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(choice))
		if d < 1+(len(word)+2)/3 || len(choice) > 2 && strings.HasPrefix(word, choice) || len(word) > 2 && strings.HasPrefix(choice, word) {
			all = append(all, near{choice, d})
		}
	}
	slices.SortFunc(all, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.choice, b.choice))
	})
	var words []string
	for _, found := range slices.CompactFunc(all, func(a, b near) bool { return a.choice == b.choice }) {
		if len(words) < n {
			words = append(words, found.choice)
		}
	}
	return words
}
