package build

import (
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// checkBudget returns an error for the first platform on which an image is over its budget.
func (r *run) checkBudget(definition images.Definition, rows []sizes.Image) error {
	over := sizes.Record{Images: rows}.Check(map[string]int64{definition.Name: int64(definition.Budget)})
	if len(over) == 0 || r.AllowOverBudget {
		return nil
	}
	return fmt.Errorf("%s; make it smaller, raise the budget in its definition or give --allow-over-budget", over[0])
}

// planned returns the sizes of images as far as they are known before the build: without the layers of steps.
func planned(plans []plan.Image) []sizes.Image {
	var rows []sizes.Image
	for _, image := range plans {
		row := sizes.Image{Name: image.Name, Platform: string(image.Platform)}
		for _, l := range image.Layers {
			row.DockerSize += l.DockerSize
			row.Layers = append(row.Layers, sizes.Layer{Name: l.Name, DockerSize: l.DockerSize})
		}
		rows = append(rows, row)
	}
	return rows
}
