package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Markdown writes the targets beside what was measured, then a table for each scenario with all its figures: medians,
// and sums of what must never happen.
func Markdown(w io.Writer, r *Record, targets []Target) error {
	var b strings.Builder
	writeTargets(&b, r, targets)
	var never []string
	for _, target := range targets {
		if target.Never {
			never = append(never, target.Point.Figure)
		}
	}
	for _, scenario := range r.Scenarios() {
		b.WriteString("\n### " + scenario + "\n\n")
		writeScenario(&b, r, scenario, "server", never)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Targets writes a table of the targets beside what was measured.
func Targets(w io.Writer, r *Record, targets []Target) error {
	var b strings.Builder
	writeTargets(&b, r, targets)
	_, err := io.WriteString(w, b.String())
	return err
}

// Table writes a table of one scenario. Its first column has the name head; the figures named by never count what must
// not happen, and are added up over the rounds.
func Table(w io.Writer, r *Record, scenario, head string, never ...string) error {
	var b strings.Builder
	writeScenario(&b, r, scenario, head, never)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeTargets(b *strings.Builder, r *Record, targets []Target) {
	row(b, "measure", "target", "measured", "rounds", "met")
	rule(b, 5)
	for _, target := range targets {
		v := target.Judge(r)
		measured := ""
		if len(v.Rounds) > 0 {
			measured = v.format(v.Measured)
		}
		row(b, v.Measure, v.limit(), measured, v.spread(), v.outcome())
	}
}

// writeScenario writes a line for each server and a column for each figure.
func writeScenario(b *strings.Builder, r *Record, scenario, head string, never []string) {
	figures := distinct(r.of(scenario), func(p Point) string { return p.Figure })
	row(b, append([]string{head}, figures...)...)
	rule(b, len(figures)+1)
	for _, server := range r.Servers(scenario) {
		cells := []string{server}
		for _, figure := range figures {
			values := r.Values(Point{scenario, server, figure})
			if slices.Contains(never, figure) && len(values) > 0 {
				values = []float64{sum(values)}
			}
			cells = append(cells, cell(values))
		}
		row(b, cells...)
	}
}

// cell is the median.
func cell(values []float64) string {
	if len(values) == 0 {
		return ""
	}
	return Number(Median(values))
}

// Number writes a value with three digits that count, or whole.
func Number(value float64) string {
	switch {
	case value >= 100 || value == math.Trunc(value):
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.2f", value)
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
