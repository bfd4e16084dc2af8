//go:build linux

package main

import (
	"context"
	"io"
	"os/exec"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// TestEveryScenario measures everything once, with a handful of requests: that every scenario runs, that no answer is
// wrong, and that each target has its figures. What the figures are is not tested.
func TestEveryScenario(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts real servers")
	}
	for _, program := range []string{"cc", "python3", interpreter} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("no " + program)
		}
	}
	b, err := build(context.Background(), t.TempDir(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServers(b)
	if err != nil {
		t.Fatal(err)
	}
	record, err := rounds.Measure(context.Background(), scenarios(b, s, 1000), 1, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range targets() {
		if target.Against.Server == owgo {
			continue // a peer is measured only where there is one
		}
		verdict := target.Judge(record)
		if len(verdict.Rounds) == 0 {
			t.Errorf("%s: not measured", target.Measure)
		}
		if target.Never && !verdict.Met {
			t.Errorf("%s: %v", target.Measure, verdict.Measured)
		}
	}
}

// TestTargetsComparePeersInTheSameFigure guards against a target that could
// never be measured because of a typing error in its peer's half.
func TestTargetsComparePeersInTheSameFigure(t *testing.T) {
	for _, target := range targets() {
		if target.Against.Server == "" {
			continue
		}
		same := target.Point
		same.Server = target.Against.Server
		if target.Against != same {
			t.Errorf("%s: compares %+v with %+v", target.Measure, target.Point, target.Against)
		}
	}
}
