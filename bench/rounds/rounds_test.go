//go:build linux

package rounds

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
)

// TestMeasure holds that rounds are interleaved, and that a server that fails once is reported and not tried again.
func TestMeasure(t *testing.T) {
	var order []string
	measured := func(server string, err error) Entrant {
		return At(server, func() ([]Figure, error) {
			order = append(order, server)
			return []Figure{Of(P50, float64(len(order)))}, err
		})
	}
	broken := errors.New("it is broken")
	all := []Scenario{{Name: "small", Entrants: []Entrant{measured("a", nil), measured("b", broken)}}, {Name: "large", Entrants: []Entrant{measured("c", nil)}}}
	var progress bytes.Buffer
	record, err := Measure(context.Background(), all, 2, &progress)
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "small, b: ") {
		t.Errorf("error %v", err)
	}
	if want := []string{"a", "b", "c", "a", "c"}; !slices.Equal(order, want) {
		t.Errorf("measured %v, want %v", order, want)
	}
	if got := record.Values(report.Point{Scenario: "small", Server: "a", Figure: P50}); !slices.Equal(got, []float64{1, 4}) {
		t.Errorf("figures %v", got)
	}
	if want := "round 2 of 2: large: c\n"; !strings.HasSuffix(progress.String(), want) {
		t.Errorf("progress %q does not end with %q", progress.String(), want)
	}
}

// TestInterrupt: with the context, a round ends, and its error says so.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	stops := At("a", func() ([]Figure, error) { cancel(); return nil, nil })
	never := At("b", func() ([]Figure, error) { t.Error("it went on"); return nil, nil })
	if _, err := Measure(ctx, []Scenario{{Name: "small", Entrants: []Entrant{stops, never}}}, 1, new(bytes.Buffer)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
