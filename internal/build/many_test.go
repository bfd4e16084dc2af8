package build

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// lostFor is an engine that builds no images of some names.
type lostFor map[string]bool

func (l lostFor) Build(ctx context.Context, plans []plan.Image) (v1.ImageIndex, error) {
	if l[plans[0].Name] {
		return nil, &engine.LostError{Image: plans[0].Name, Reason: errors.New("no builder is left")}
	}
	return embedded.Engine{}.Build(ctx, plans)
}

// TestRunWithALostEngine tells once why images were not built whose engine is lost.
func TestRunWithALostEngine(t *testing.T) {
	over := definition("over")
	over.Budget = 1
	definitions := []images.Definition{definition("a"), definition("b"), over, definition("c"), definition("d")}
	for _, test := range []struct {
		name  string
		lost  lostFor
		built []string
		want  string
	}{
		{"one", lostFor{"d": true}, []string{"a", "b", "c"}, "build d: no builder is left"},
		{"several", lostFor{"b": true, "c": true, "d": true}, []string{"a"}, "build b and 2 more: no builder is left"},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := optionsIn(t)
			options.Engine = test.lost
			results, err := Run(t.Context(), definitions, options)
			if diff := cmp.Diff(test.built, names(results)); diff != "" {
				t.Error(diff)
			}
			budget, lost, _ := strings.Cut(err.Error(), "\n")
			if !strings.Contains(budget, "over its budget") || lost != test.want {
				t.Errorf("got %v, want the budget and %q", err, test.want)
			}
		})
	}
}
