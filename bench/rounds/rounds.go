//go:build linux

// Package rounds measures several servers in interleaved rounds: within a scenario one server right after the other, so
// that what else happens on the machine meets them all.
//
//	record, err := rounds.Measure(ctx, scenarios, 5, os.Stderr)
package rounds

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
)

// Figure is a measured value and its name, which has its unit.
type Figure struct {
	Name  string
	Value float64
}

// Scenario is one thing that is measured at several servers, one after the other.
type Scenario struct {
	Name     string
	Entrants []Entrant
}

// Entrant measures the scenario's figures at one server.
type Entrant struct {
	Server  string
	Measure func() ([]Figure, error)
}

// Of returns a figure.
func Of(name string, value float64) Figure { return Figure{name, value} }

// At returns an entrant.
func At(server string, measure func() ([]Figure, error)) Entrant { return Entrant{server, measure} }

// Measure measures all scenarios in every round. What cannot be measured is an error and is not tried again; the rest
// goes on.
func Measure(ctx context.Context, all []Scenario, rounds int, progress io.Writer) (*report.Record, error) {
	book := &Book{Record: &report.Record{}, Rounds: rounds, Progress: progress}
	for round := range rounds {
		book.Round(ctx, round, all)
	}
	return book.Record, book.Err()
}

// Book is what has been measured so far, and what could not be.
type Book struct {
	Record   *report.Record
	Rounds   int // there are in all
	Progress io.Writer

	failures  []error
	interrupt error // why a round ended early
	hopeless  map[report.Point]bool
}

// Round measures all scenarios once. It ends early with the context.
func (b *Book) Round(ctx context.Context, round int, all []Scenario) {
	for _, s := range all {
		for _, e := range s.Entrants {
			if ctx.Err() != nil {
				b.interrupt = context.Cause(ctx)
				return
			}
			fmt.Fprintf(b.Progress, "round %d of %d: %s: %s\n", round+1, b.Rounds, s.Name, e.Server)
			b.measure(round, report.Point{Scenario: s.Name, Server: e.Server}, e.Measure)
		}
	}
}

func (b *Book) measure(round int, at report.Point, measure func() ([]Figure, error)) {
	if b.hopeless[at] {
		return
	}
	figures, err := measure()
	if err != nil {
		b.Fail(at, err)
	}
	for _, f := range figures {
		at.Figure = f.Name
		b.Record.Add(round, at, f.Value)
	}
}

// Fail says that something could not be measured at a scenario's server; it is not tried again.
func (b *Book) Fail(at report.Point, err error) {
	if b.hopeless == nil {
		b.hopeless = map[report.Point]bool{}
	}
	b.hopeless[at] = true
	b.failures = append(b.failures, fmt.Errorf("%s, %s: %w", at.Scenario, at.Server, err))
}

// Err returns what could not be measured.
func (b *Book) Err() error { return errors.Join(append(b.failures, b.interrupt)...) }
