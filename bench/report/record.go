// Package report keeps the figures of a benchmark round by round, compares them
// within each round, and holds them against targets.
//
// A machine that others use too drifts by tens of percent within minutes. So all servers are measured in every round,
// one right after the other, and a ratio is the median of the rounds' ratios, never a ratio of medians.
package report

import "slices"

// Point names a figure: of which server, in which scenario.
type Point struct {
	Scenario string
	Server   string
	Figure   string // with its unit, as in a column's head: "p50 µs"
}

// Record holds the measurements. The zero Record is empty and ready.
type Record struct {
	points []Point // in the order of their first measurement
	values map[Point]map[int]float64
}

// Add keeps the value of a point in a round.
func (r *Record) Add(round int, p Point, value float64) {
	if r.values == nil {
		r.values = map[Point]map[int]float64{}
	}
	if r.values[p] == nil {
		r.values[p] = map[int]float64{}
		r.points = append(r.points, p)
	}
	r.values[p][round] = value
}

// Values returns a point's values in the order of the rounds; rounds without one are left out.
func (r *Record) Values(p Point) []float64 {
	return inOrder(r.values[p])
}

// Scenarios returns the names of the scenarios, in the order of their first measurement.
func (r *Record) Scenarios() []string {
	return distinct(r.points, func(p Point) string { return p.Scenario })
}

// Servers returns the servers of a scenario, in the order of their first measurement.
func (r *Record) Servers(scenario string) []string {
	return distinct(r.of(scenario), func(p Point) string { return p.Server })
}

// of returns the points of a scenario.
func (r *Record) of(scenario string) []Point {
	return slices.DeleteFunc(slices.Clone(r.points), func(p Point) bool { return p.Scenario != scenario })
}

// Compare adds p ÷ against of each round as a figure of p's server.
func (r *Record) Compare(p, against Point, figure string) {
	for round, value := range r.values[p] {
		if base := r.values[against][round]; base != 0 {
			r.Add(round, Point{p.Scenario, p.Server, figure}, value/base)
		}
	}
}

// Ratios returns p ÷ against for each round that has both.
func (r *Record) Ratios(p, against Point) []float64 {
	ratios := map[int]float64{}
	for round, value := range r.values[p] {
		if base := r.values[against][round]; base != 0 {
			ratios[round] = value / base
		}
	}
	return inOrder(ratios)
}

func inOrder(byRound map[int]float64) []float64 {
	rounds := make([]int, 0, len(byRound))
	for round := range byRound {
		rounds = append(rounds, round)
	}
	slices.Sort(rounds)
	values := make([]float64, len(rounds))
	for i, round := range rounds {
		values[i] = byRound[round]
	}
	return values
}

// Median is the middle value, or the mean of the two in the middle; 0 for none.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}
