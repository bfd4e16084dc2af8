//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// results are what has been measured of two revisions. It is written as JSON, too.
type results struct {
	A        string   `json:"a"`
	B        string   `json:"b"`
	Machine  string   `json:"machine"`
	Rounds   int      `json:"rounds"`
	Measures []result `json:"measures"`
	Sizes    []size   `json:"sizes"`
}

// result is a measure with its verdict, and the figures of every round.
type result struct {
	Measure string       `json:"measure"` // its scenario, figure and unit
	A       float64      `json:"a"`
	B       float64      `json:"b"`
	Ratio   float64      `json:"ratio"`
	Noise   float64      `json:"noise"`
	Beyond  int          `json:"beyond"`
	Verdict string       `json:"verdict"`
	Values  [3][]float64 `json:"values"` // of A, A' and B
}

// size is the size of something, in bytes.
type size struct {
	What    string `json:"what"`
	A       int64  `json:"a"`
	B       int64  `json:"b"`
	Verdict string `json:"verdict"`
}

// conclude judges all measures.
func conclude(record *report.Record, measures []measure, base, next *revision, count int) results {
	all := results{A: base.name, B: next.name, Machine: rounds.Machine(), Rounds: count, Measures: []result{}, Sizes: []size{}}
	for _, m := range measures {
		of := func(side string) []float64 {
			return record.Values(report.Point{Scenario: m.scenario, Server: side, Figure: m.figure})
		}
		values := [3][]float64{of(sideA), of(sideAgain), of(sideB)}
		j := judge(values[0], values[1], values[2], m.more)
		all.Measures = append(all.Measures, result{m.scenario + ": " + m.figure, j.A, j.B, j.Ratio, j.Noise, j.Beyond, j.Verdict, values})
	}
	names := []string{proxySize, mkimageSize}
	for _, image := range images {
		names = append(names, imageSize(image))
	}
	for _, name := range names {
		all.Sizes = append(all.Sizes, size{name, base.sizes[name], next.sizes[name], weigh(base.sizes[name], next.sizes[name])})
	}
	return all
}

// write writes the table.
func (r results) write(out io.Writer) error {
	fmt.Fprintf(out, "A: %s\nB: %s\nInterleaved rounds of A, A again and B: %d; in %d of them B has to be beyond both. Machine: %s.\n\n",
		r.A, r.B, r.Rounds, needed(r.Rounds), r.Machine)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "measure\tA\tB\tB ÷ A\tnoise\trounds\tverdict")
	for _, m := range r.Measures {
		noise, beyond := "", ""
		if m.Verdict != tooFew {
			noise, beyond = fmt.Sprintf("%.2f to %.2f", 1/(1+m.Noise), 1+m.Noise), fmt.Sprint(m.Beyond)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%.3f\t%s\t%s\t%s\n", m.Measure, report.Number(m.A), report.Number(m.B), m.Ratio, noise, beyond, m.Verdict)
	}
	for _, s := range r.Sizes {
		fmt.Fprintf(table, "%s: bytes\t%d\t%d\t%.3f\t\t\t%s\n", s.What, s.A, s.B, float64(s.B)/float64(max(s.A, 1)), s.Verdict)
	}
	return table.Flush()
}

// err returns what is slower, or what has too few rounds to say so. Sizes are only told: budgets hold them.
func (r results) err() error {
	var worse, unknown []string
	for _, m := range r.Measures {
		switch m.Verdict {
		case slower:
			worse = append(worse, fmt.Sprintf("%s (B ÷ A is %.2f)", m.Measure, m.Ratio))
		case tooFew:
			unknown = append(unknown, m.Measure)
		}
	}
	switch {
	case len(worse) > 0:
		return rounds.With(isSlower, errors.New("slower: "+strings.Join(worse, "; ")))
	case len(unknown) > 0:
		return errors.New("not measured: " + strings.Join(slices.Compact(unknown), "; "))
	}
	return nil
}
