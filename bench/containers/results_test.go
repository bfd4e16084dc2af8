//go:build linux

package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files")

// example is a measurement of two rounds, as small as it can be: the second round is twice as slow for all.
func example(t *testing.T) results {
	t.Helper()
	book := &rounds.Book{Record: &report.Record{}, Rounds: 2, Progress: io.Discard}
	m := &measurement{options: options{rounds: 2}, book: book,
		workshop: &workshop{progress: io.Discard, absent: map[string]error{"jmeter": errors.New("not installed: jmeter")}},
		contenders: []contender{{name: limitEcho}, {name: limitPipe}, {name: bare, limit: limitEcho}, {name: execed, limit: limitEcho, ours: true},
			{name: v1, limit: limitPipe, ours: true}, {name: skeleton, limit: limitSpawn}}}
	returns := func(figures ...rounds.Figure) func() ([]rounds.Figure, error) {
		return func() ([]rounds.Figure, error) { return figures, nil }
	}
	start := func(ms float64) func() ([]rounds.Figure, error) {
		return returns(rounds.Of(engineShare, 300), rounds.Of(proxyShare, ms), rounds.Of(initShare, ms), rounds.Of(runShare, 1), rounds.Of(whole, 301+2*ms), rounds.Of(added, (2*ms+1)/3))
	}
	for round := range 2 {
		kept, alone := rounds.Scenario{Name: loadKept}, rounds.Scenario{Name: sequential}
		for i, c := range m.contenders {
			l := &load.Result{Sent: 4, Right: 4, Wall: time.Second}
			for n := range 4 {
				l.Latencies = append(l.Latencies, time.Duration((i+1)*(n+1)*(round+1))*100*time.Microsecond)
			}
			if c.name == skeleton {
				l.Right, l.Failed = 3, 1
			}
			kept.Entrants = append(kept.Entrants, rounds.At(c.name, returns(append(rounds.Seed(l), rounds.Answers(l)...)...)))
			alone.Entrants = append(alone.Entrants, rounds.At(c.name, returns(rounds.Latencies(l)...)))
		}
		cold := rounds.Scenario{Name: coldPresent, Entrants: []rounds.Entrant{
			rounds.At(engineAlone, start(0)), rounds.At("scratch", start(4)), rounds.At("python", start(80)),
		}}
		book.Round(t.Context(), round, []rounds.Scenario{cold, alone, kept})
	}
	m.compare()
	return results{measurement: m, began: time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)}
}

// TestText holds the page: the seed's tables first, then ours in the same columns, targets, and what was not there.
func TestText(t *testing.T) {
	page := example(t).text("RESULTS", "Machine: one.", "## Image builds\n\nNot measured.\n")
	page, _, _ = bytes.Cut(page, []byte("\n## How it is measured")) // that part is the same each time
	testkit.Golden(t, "testdata/results.md", page, *update)
}

// TestSummary holds the part that the README has.
func TestSummary(t *testing.T) {
	_, rows, _ := bytes.Cut(example(t).summary(), []byte("\n\n")) // the first lines name this machine
	testkit.Golden(t, "testdata/summary.md", rows, *update)
}

func TestCharts(t *testing.T) {
	r := example(t)
	if chart := r.seedChart(); len(chart.Bars) != 8 || !chart.Bars[0].Other || chart.Bars[3].Other {
		t.Errorf("bars %+v", chart.Bars)
	}
	cold := r.coldChart()
	if len(cold.Bars) != 3 || len(cold.Bars[2].Parts) != 4 || cold.Bars[2].Value != 461e6 {
		t.Errorf("bars %+v", cold.Bars)
	}
	var text bytes.Buffer
	if err := cold.Write(&text); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(text.Bytes(), new(struct{})); err != nil {
		t.Error(err)
	}
}

func TestParsePeer(t *testing.T) {
	for text, want := range map[string]peer{
		"owgo=openwhisk/action-golang:nightly": {name: "owgo", from: "openwhisk/action-golang:nightly"},
		"ours=dist/scratch,action.sh":          {name: "ours", from: "dist/scratch", action: "action.sh"},
		"baked=a/b,none":                       {name: "baked", from: "a/b", action: "none"},
	} {
		if got, err := parsePeer(text); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "image", "=image", "name="} {
		if got, err := parsePeer(text); err == nil {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

// TestTargetsCompareTheSameFigure guards against a target that could never be measured because of a typing error.
func TestTargetsCompareTheSameFigure(t *testing.T) {
	for _, target := range targets() {
		same := target.Point
		same.Server = target.Against.Server
		if target.Against.Server != "" && target.Against != same {
			t.Errorf("%s: compares %+v with %+v", target.Measure, target.Point, target.Against)
		}
	}
}
