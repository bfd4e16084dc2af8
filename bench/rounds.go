//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
)

// measureRounds measures all scenarios in every round, and within a scenario one server right after the other. What
// cannot be measured is an error and is not tried again; the rest goes on.
func measureRounds(ctx context.Context, all []scenario, rounds int, progress io.Writer) (*report.Record, error) {
	record := &report.Record{}
	var failures []error
	hopeless := map[report.Point]bool{}
	for round := range rounds {
		for _, s := range all {
			fmt.Fprintf(progress, "round %d of %d: %s\n", round+1, rounds, s.name)
			for _, e := range s.entrants {
				if ctx.Err() != nil {
					return record, errors.Join(append(failures, context.Cause(ctx))...)
				}
				at := report.Point{Scenario: s.name, Server: e.server}
				if hopeless[at] {
					continue
				}
				figures, err := e.measure()
				if err != nil {
					hopeless[at] = true
					failures = append(failures, fmt.Errorf("%s, %s: %w", s.name, e.server, err))
				}
				for _, f := range figures {
					at.Figure = f.name
					record.Add(round, at, f.value)
				}
			}
		}
	}
	return record, errors.Join(failures...)
}
