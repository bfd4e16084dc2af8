package build

import (
	"maps"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
)

// stateSteps adds the steps of an image to a statement, and the engine that ran them. It adds the names of secrets, not
// their sources, which belong to the machine.
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
