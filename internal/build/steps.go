package build

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// checkSteps returns an error for the first image that is over its budget with the layers of its steps, whose sizes are
// only known after they have run.
func (r *run) checkSteps(plans []plan.Image, rows []sizes.Image) error {
	for i, image := range plans {
		size := rows[i].DockerSize
		if r.AllowOverBudget || len(image.Runs) == 0 || image.Budget == 0 || size <= int64(image.Budget) {
			continue
		}
		return fmt.Errorf("image %s for %s weighs %s with what its steps have made, %s over its budget of %s; "+
			"make it smaller, raise the budget in its definition or give --allow-over-budget",
			image.Name, image.Platform, human.Bytes(size), human.Bytes(size-int64(image.Budget)), human.Bytes(int64(image.Budget)))
	}
	return nil
}

// stateSteps adds to a statement the steps of an image, and who has run them. Of secrets it has the names: where they
// are from is a matter of the machine.
func stateSteps(made *provenance.Build, of assembled) {
	for _, step := range of.plans[0].Runs {
		made.Parameters.Steps = append(made.Parameters.Steps, provenance.Step{
			Name: step.Name, Script: step.Script, Packages: step.Packages, Network: step.Network, Cache: step.Cache,
			Secrets: slices.Sorted(maps.Keys(step.Secrets)),
		})
	}
	stepped, ok := of.index.(engine.Stepped)
	if !ok {
		return
	}
	made.Engine = stepped.Engine
	if stepped.Version != "" {
		made.Versions[stepped.Engine] = stepped.Version
	}
	if stepped.FromCache {
		made.Parameters.CacheFrom = withheld
	}
}
