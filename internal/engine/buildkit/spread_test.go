package buildkit

import (
	"fmt"
	"slices"
	"testing"
)

func names(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("image-%d", i))
	}
	return names
}

// TestSpread holds that no builder gets much more than its share, whatever the addresses are.
func TestSpread(t *testing.T) {
	for run := range 200 {
		builders := []string{fmt.Sprint("tcp://a:", run), fmt.Sprint("tcp://b:", run), fmt.Sprint("tcp://c:", run)}
		counts := map[string]int{}
		for image, order := range spread(names(50), builders) {
			counts[order[0]]++
			sorted := slices.Sorted(slices.Values(order))
			if !slices.Equal(sorted, builders) {
				t.Fatalf("%s: %v is not all builders", image, order)
			}
		}
		for builder, count := range counts {
			if count < 13 || count > 21 {
				t.Errorf("%s has %d of 50 images, want 25 %% to 42 %%", builder, count)
			}
		}
	}
}

// TestSpreadIsStable holds that most images stay where they are when a builder goes.
func TestSpreadIsStable(t *testing.T) {
	builders := []string{"tcp://a:1", "tcp://b:1", "tcp://c:1"}
	before, after := spread(names(60), builders), spread(names(60), builders[:2])
	moved := 0
	for image, order := range before {
		if order[0] != builders[2] && order[0] != after[image][0] {
			moved++
		}
	}
	if moved > 10 {
		t.Errorf("%d of 40 images moved that had another builder than the one that went", moved)
	}
}

func TestSpreadOfOneImage(t *testing.T) {
	builders := []string{"tcp://a:1", "tcp://b:1", "tcp://c:1"}
	if got, want := spread([]string{"x"}, builders)["x"], rank("x", builders); !slices.Equal(got, want) {
		t.Errorf("got %v, want the order of preference %v", got, want)
	}
}
