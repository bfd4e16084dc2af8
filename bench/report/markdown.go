package report

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// Markdown writes the targets beside what was measured, then a table for each
// scenario with all its figures: medians, and sums of what must never happen.
func Markdown(w io.Writer, r *Record, targets []Target) error {
	var b strings.Builder
	never := map[string]bool{}
	row(&b, "measure", "target", "measured", "rounds", "met")
	rule(&b, 5)
	for _, target := range targets {
		never[target.Point.Figure] = never[target.Point.Figure] || target.Never
		v := target.Judge(r)
		measured := ""
		if len(v.Rounds) > 0 {
			measured = v.format(v.Measured)
		}
		row(&b, v.Measure, v.limit(), measured, v.spread(), v.outcome())
	}
	for _, scenario := range distinct(r.points, func(p Point) string { return p.Scenario }) {
		b.WriteString("\n### " + scenario + "\n\n")
		writeScenario(&b, r, scenario, never)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeScenario writes a line for each server and a column for each figure.
func writeScenario(b *strings.Builder, r *Record, scenario string, never map[string]bool) {
	var points []Point
	for _, p := range r.points {
		if p.Scenario == scenario {
			points = append(points, p)
		}
	}
	figures := distinct(points, func(p Point) string { return p.Figure })
	row(b, append([]string{"server"}, figures...)...)
	rule(b, len(figures)+1)
	for _, server := range distinct(points, func(p Point) string { return p.Server }) {
		cells := []string{server}
		for _, figure := range figures {
			values := r.Values(Point{scenario, server, figure})
			if never[figure] && len(values) > 0 {
				values = []float64{sum(values)}
			}
			cells = append(cells, cell(values))
		}
		row(b, cells...)
	}
}

// cell is the median with three digits that count, or whole.
func cell(values []float64) string {
	median := Median(values)
	switch {
	case len(values) == 0:
		return ""
	case median >= 100 || median == math.Trunc(median):
		return fmt.Sprintf("%.0f", median)
	case median >= 10:
		return fmt.Sprintf("%.1f", median)
	}
	return fmt.Sprintf("%.2f", median)
}

func row(b *strings.Builder, cells ...string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func rule(b *strings.Builder, columns int) {
	b.WriteString(strings.Repeat("|---", columns) + "|\n")
}

// distinct returns the names of the points, each once, in their order.
func distinct(points []Point, name func(Point) string) []string {
	var names []string
	seen := map[string]bool{}
	for _, p := range points {
		if n := name(p); !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	return names
}
