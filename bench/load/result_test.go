//go:build linux

package load

import (
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	tests := []struct {
		name      string
		latencies []time.Duration
		p         float64
		want      time.Duration
	}{
		{"none", nil, 50, 0},
		{"one", []time.Duration{7}, 99, 7},
		{"middle of three", []time.Duration{1, 2, 9}, 50, 2},
		{"lower middle of four", []time.Duration{1, 2, 3, 9}, 50, 2},
		{"p99 of a hundred", hundred, 99, 99},
		{"the smallest", hundred, 0, 1},
		{"the largest", hundred, 100, 100},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := Result{Latencies: test.latencies}
			if got := r.Percentile(test.p); got != test.want {
				t.Errorf("percentile %v of %v: %d, want %d", test.p, test.latencies, got, test.want)
			}
		})
	}
}

func TestPerSecondCountsRightAnswersOnly(t *testing.T) {
	r := Result{Sent: 100, Right: 50, Wrong: 30}
	r.finish(2 * time.Second)
	if got := r.PerSecond(); got != 25 {
		t.Errorf("%v runs in a second, want 25", got)
	}
	if r.Failed != 20 || r.Bad() != 50 {
		t.Errorf("%d failed and %d bad, want 20 and 50", r.Failed, r.Bad())
	}
}
