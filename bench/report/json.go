package report

import (
	"encoding/json"
	"fmt"
	"os"
)

// WriteJSON writes a document to a file.
func WriteJSON(path string, document any) error {
	text, err := json.MarshalIndent(document, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}

// Document returns the targets with their verdicts and every figure of every round, to be written as JSON:
//
//	{"targets":[{"measure":"…","limit":0.4,"measured":0.33,"met":true,"rounds":[0.32,0.33,0.35]}],
//	 "figures":[{"scenario":"…","server":"…","figure":"p50 µs","median":15.2,"rounds":[…]}]}
//
// Ratios are plain numbers, other values have the unit that their name ends with.
func Document(r *Record, targets []Target) any {
	type verdict struct {
		Measure  string    `json:"measure"`
		Limit    float64   `json:"limit"`
		AtLeast  bool      `json:"atLeast,omitempty"`
		Measured *float64  `json:"measured"` // null when it was not measured
		Met      bool      `json:"met"`
		Rounds   []float64 `json:"rounds"`
	}
	type figure struct {
		Scenario string    `json:"scenario"`
		Server   string    `json:"server"`
		Figure   string    `json:"figure"`
		Median   float64   `json:"median"`
		Rounds   []float64 `json:"rounds"`
	}
	out := struct {
		Targets []verdict `json:"targets"`
		Figures []figure  `json:"figures"`
	}{[]verdict{}, []figure{}}
	for _, target := range targets {
		v := target.Judge(r)
		entry := verdict{Measure: v.Measure, Limit: v.Limit, AtLeast: v.AtLeast, Met: v.Met, Rounds: v.Rounds}
		if len(v.Rounds) > 0 {
			entry.Measured = &v.Measured
		}
		out.Targets = append(out.Targets, entry)
	}
	for _, p := range r.points {
		values := r.Values(p)
		out.Figures = append(out.Figures, figure{p.Scenario, p.Server, p.Figure, Median(values), values})
	}
	return out
}
