package build

import (
	"maps"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
)

// stateSteps adds to a statement the steps of an image, and who has run them. Of secrets it has the names: where they
// are from is a matter of the machine.
func stateSteps(made *provenance.Build, of assembled) {
	for _, step := range of.plans[0].Runs {
		made.Parameters.Steps = append(made.Parameters.Steps, provenance.Step{
			Name: step.Name, Script: step.Script, Packages: step.Packages, Network: step.Network, Cache: step.Cache, Files: step.Files,
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
