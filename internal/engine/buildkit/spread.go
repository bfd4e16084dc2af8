package buildkit

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// rank returns the builders in the order of preference of an image (rendezvous hashing): when a builder comes or goes,
// only images that prefer it move, so that caches stay warm.
func rank(image string, builders []string) []string {
	weight := func(builder string) []byte {
		sum := sha256.Sum256([]byte(image + "\x00" + builder))
		return sum[:]
	}
	ranked := slices.Clone(builders)
	slices.SortFunc(ranked, func(a, b string) int { return bytes.Compare(weight(b), weight(a)) })
	return ranked
}

// spread returns the order in which each image tries the builders. It is the order of preference, but no builder comes
// first for more than its share and a twentieth: by chance alone, one of three builders could get half of ten images.
func spread(images, builders []string) map[string][]string {
	share := (21*len(images) + 20*len(builders) - 1) / (20 * len(builders))
	first := map[string]int{}
	orders := map[string][]string{}
	for _, image := range slices.Compact(slices.Sorted(slices.Values(images))) {
		order := rank(image, builders)
		at := slices.IndexFunc(order, func(builder string) bool { return first[builder] < share })
		order = append([]string{order[at]}, slices.Delete(slices.Clone(order), at, at+1)...)
		first[order[0]]++
		orders[image] = order
	}
	return orders
}
