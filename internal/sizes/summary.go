package sizes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// many is the largest number of rows that a summary lists one by one.
const many = 40

// Summary tells the sizes of freshly built images, a line each, beside the two images that people run today, or as many
// of them as fit into the columns, which 0 does not limit; of many images only the lightest and the heaviest.
func Summary(rows []Image, columns int) []string {
	if len(rows) > many {
		byWeight := func(a, b Image) int { return cmp.Compare(a.DockerSize, b.DockerSize) }
		least, most := slices.MinFunc(rows, byWeight), slices.MaxFunc(rows, byWeight)
		return []string{fmt.Sprintf("%d images weigh from %s (%s, %s) to %s (%s, %s); the size record has them all", len(rows),
			human.Bytes(least.DockerSize), least.Name, least.Platform, human.Bytes(most.DockerSize), most.Name, most.Platform)}
	}
	references := References()[:2]
	for {
		lines := beside(rows, references)
		fit := !slices.ContainsFunc(lines, func(line string) bool { return terminal.Columns(line) > columns })
		if columns <= 0 || fit || len(references) == 0 {
			return lines
		}
		references = references[:len(references)-1]
	}
}

// beside returns a line for each row, which compares it with references.
func beside(rows []Image, references []Reference) []string {
	var lines [][]string
	for _, row := range rows {
		var compared []string
		for _, reference := range references {
			compared = append(compared, reference.Factor(row.DockerSize)+" than "+reference.Short())
		}
		line := []string{row.Name, row.Platform, human.Bytes(row.DockerSize), "(" + human.Bytes(row.CompressedSize) + " compressed)"}
		if len(compared) > 0 {
			line = append(line, strings.Join(compared, ", "))
		}
		lines = append(lines, line)
	}
	return align(lines, 2)
}
