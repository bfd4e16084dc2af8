package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// DockerSize returns the image's size as Docker counts it, in bytes.
func (i Image) DockerSize() int64 {
	var size int64
	for _, l := range i.Layers {
		size += l.DockerSize
	}
	return size
}

// CheckBudget returns an error for the first image that weighs more than its budget. It names the heaviest layers.
func CheckBudget(plans []Image) error {
	for _, image := range plans {
		size := image.DockerSize()
		if image.Budget == 0 || size <= int64(image.Budget) {
			continue
		}
		heaviest := slices.Clone(image.Layers)
		slices.SortStableFunc(heaviest, func(a, b layer.Layer) int { return cmp.Compare(b.DockerSize, a.DockerSize) })
		var names []string
		for _, l := range heaviest[:min(3, len(heaviest))] {
			names = append(names, l.Name+" "+human.Bytes(l.DockerSize))
		}
		return fmt.Errorf("image %s for %s weighs %s, %s over its budget of %s (heaviest layers: %s); "+
			"make it smaller, raise the budget in its definition or give --allow-over-budget",
			image.Name, image.Platform, human.Bytes(size), human.Bytes(size-int64(image.Budget)), human.Bytes(int64(image.Budget)), strings.Join(names, ", "))
	}
	return nil
}
