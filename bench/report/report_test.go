package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files")

// example is a record of three rounds, with a target of each kind.
func example() (*Record, []Target) {
	r := &Record{}
	oursP50, peerP50 := Point{"small", "ours", "p50 µs"}, Point{"small", "peer", "p50 µs"}
	bad, rate := Point{"small", "ours", "bad"}, Point{"small", "ours", "runs/s"}
	binary := Point{"binary", "ours", "MB"}
	for round, v := range []struct{ ours, peer, bad, rate float64 }{
		{15.04, 47, 0, 30000.4}, {30, 99, 1, 20000}, {16, 48, 0, 31000},
	} {
		r.Add(round, oursP50, v.ours)
		r.Add(round, peerP50, v.peer)
		r.Add(round, bad, v.bad)
		r.Add(round, rate, v.rate)
		r.Add(round, binary, 1.987)
	}
	return r, []Target{
		{Measure: "p50 ÷ peer", Point: oursP50, Against: peerP50, Limit: 0.4},
		{Measure: "rate", Point: rate, Limit: 40000, AtLeast: true, Unit: "/s"},
		{Measure: "wrong answers", Point: bad, Never: true},
		{Measure: "binary", Point: binary, Limit: 2, Unit: " MB"},
		{Measure: "p50 ÷ absent", Point: oursP50, Against: Point{"small", "absent", "p50 µs"}, Limit: 1},
	}
}

func TestMarkdown(t *testing.T) {
	record, targets := example()
	var got bytes.Buffer
	if err := Markdown(&got, record, targets); err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, "testdata/example.md", got.Bytes(), *update)
}

func TestJSONSaysWhatWasNotMeasured(t *testing.T) {
	record, targets := example()
	file := filepath.Join(t.TempDir(), "figures.json")
	if err := WriteJSON(file, Document(record, targets)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Targets []struct {
			Measured *float64
			Met      bool
		}
		Figures []struct{ Rounds []float64 }
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Targets) != 5 || len(got.Figures) != 5 || len(got.Figures[0].Rounds) != 3 {
		t.Fatalf("not all targets, figures and rounds in %s", text)
	}
	if first := got.Targets[0]; first.Measured == nil || !first.Met {
		t.Errorf("the first target is measured and met, got %+v", first)
	}
	if last := got.Targets[4]; last.Measured != nil || last.Met {
		t.Errorf("the last target is not measured, got %+v", last)
	}
}
