//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
)

// measureRounds measures all scenarios in every round, and within a scenario
// one server right after the other. What cannot be measured is an error, and
// the rest goes on.
func measureRounds(ctx context.Context, all []scenario, rounds int, progress io.Writer) (*report.Record, error) {
	record := &report.Record{}
	var failures []error
	for round := range rounds {
		for _, s := range all {
			fmt.Fprintf(progress, "round %d of %d: %s\n", round+1, rounds, s.name)
			for _, e := range s.entrants {
				if ctx.Err() != nil {
					return record, errors.Join(append(failures, context.Cause(ctx))...)
				}
				figures, err := e.measure()
				if err != nil {
					failures = append(failures, fmt.Errorf("%s, %s: %w", s.name, e.server, err))
				}
				for _, f := range figures {
					record.Add(round, report.Point{Scenario: s.name, Server: e.server, Figure: f.name}, f.value)
				}
			}
		}
	}
	return record, errors.Join(failures...)
}
