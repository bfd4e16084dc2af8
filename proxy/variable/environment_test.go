//go:build linux

package native

import (
	"slices"
	"strconv"
	"testing"
)

func TestWithVariables(t *testing.T) {
	env := []string{"A=1", "B=2", "A=3", "odd"}
	got := WithVariables(env, [][2]string{{"B", "x=y"}, {"C", "cut\x00off"}, {"B", ""}, {"D", ""}})
	if want := []string{"A=3", "B=", "odd", "C=cut", "D="}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !slices.Equal(env, []string{"A=1", "B=2", "A=3", "odd"}) {
		t.Errorf("it changed what it was given to %q", env)
	}
}

// One that looked through the list for each variable would take minutes.
func TestWithVariablesTakesAnyNumber(t *testing.T) {
	variables := make([][2]string, 400_000)
	for i := range variables {
		variables[i] = [2]string{"V" + strconv.Itoa(i%300_000), strconv.Itoa(i)}
	}
	got := WithVariables([]string{"V7=before"}, variables)
	if len(got) != 300_000 || got[0] != "V7=300007" || got[299_999] != "V299999=299999" {
		t.Errorf("%d variables, the first is %s", len(got), got[0])
	}
}
