package report

import (
	"fmt"
	"slices"
)

// Target is a limit for a figure, or for its ratio to another server's.
type Target struct {
	Measure string // in words, for the table
	Point   Point
	Against Point   // the figure that it is divided by; the zero Point: none
	Limit   float64 // in the figure's unit, or a ratio
	AtLeast bool    // the limit is a lower one
	Never   bool    // the figure counts what must not happen: rounds are added up
	Unit    string  // after the number: " MB"
}

// Verdict is a target beside its measurement.
type Verdict struct {
	Target
	Rounds   []float64 // value or ratio of each round; empty: not measured
	Measured float64   // their median, or their sum when Never
	Met      bool
}

// Judge holds the record against the target.
func (t Target) Judge(r *Record) Verdict {
	v := Verdict{Target: t}
	if t.Against == (Point{}) {
		v.Rounds = r.Values(t.Point)
	} else {
		v.Rounds = r.Ratios(t.Point, t.Against)
	}
	if len(v.Rounds) == 0 {
		return v
	}
	v.Measured = Median(v.Rounds)
	if t.Never {
		v.Measured = sum(v.Rounds)
	}
	v.Met = v.Measured <= t.Limit
	if t.AtLeast {
		v.Met = v.Measured >= t.Limit
	}
	return v
}

// limit is the target's column: "at most 2 MB".
func (t Target) limit() string {
	number := fmt.Sprintf("%g%s", t.Limit, t.Unit)
	switch {
	case t.Never:
		return number
	case t.AtLeast:
		return "at least " + number
	}
	return "at most " + number
}

// format writes a measured value: "1.987 MB".
func (t Target) format(value float64) string {
	if t.Never {
		return fmt.Sprintf("%.0f%s", value, t.Unit)
	}
	return fmt.Sprintf("%.3f%s", value, t.Unit)
}

// spread is the smallest and the largest round: "0.310 to 0.364".
func (v Verdict) spread() string {
	if v.Never || len(v.Rounds) < 2 {
		return ""
	}
	return fmt.Sprintf("%.3f to ", slices.Min(v.Rounds)) + v.format(slices.Max(v.Rounds))
}

// outcome is the last column: whether the target is met.
func (v Verdict) outcome() string {
	switch {
	case len(v.Rounds) == 0:
		return "not measured"
	case v.Met:
		return "yes"
	}
	return "no"
}

func sum(values []float64) (total float64) {
	for _, value := range values {
		total += value
	}
	return total
}
