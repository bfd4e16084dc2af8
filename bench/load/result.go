//go:build linux

package load

import (
	"math"
	"slices"
	"time"
)

// Result is the outcome of a load. Every request that was sent is counted once: Sent = Right + Wrong + Failed.
type Result struct {
	Sent   int
	Right  int // status 200 and a body with the request's own id and length
	Wrong  int // status 200 and somebody else's body, or a cut one
	Failed int // another status, a broken connection, no answer in time

	// Latencies of the complete answers, whatever they say, from before the request's first byte was written to after
	// the answer's last was read. Sorted, shortest first.
	Latencies []time.Duration
	// Wall is the time from the first request to the last answer.
	Wall time.Duration
	// FirstBad describes the first wrong or failed answer, "" if there was none.
	FirstBad string
}

// Bad is the number of requests that were not answered rightly.
func (r *Result) Bad() int { return r.Wrong + r.Failed }

// PerSecond is the number of right answers in a second.
func (r *Result) PerSecond() float64 {
	if r.Wall <= 0 {
		return 0
	}
	return float64(r.Right) / r.Wall.Seconds()
}

// Percentile is the smallest latency that p percent of the answers did not
// exceed (nearest rank), 0 when there was no answer.
func (r *Result) Percentile(p float64) time.Duration {
	n := len(r.Latencies)
	if n == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(n)))
	return r.Latencies[min(max(rank, 1), n)-1]
}

// Mean is the mean latency, 0 when there was no answer.
func (r *Result) Mean() time.Duration {
	if len(r.Latencies) == 0 {
		return 0
	}
	var sum time.Duration
	for _, latency := range r.Latencies {
		sum += latency
	}
	return sum / time.Duration(len(r.Latencies))
}

// finish closes the books: requests without an answer have failed.
func (r *Result) finish(wall time.Duration) {
	r.Wall = wall
	r.Failed = r.Sent - r.Right - r.Wrong
	slices.Sort(r.Latencies)
}

// note keeps the description of the first bad answer.
func (r *Result) note(what string) {
	if r.FirstBad == "" {
		r.FirstBad = what[:min(len(what), 200)]
	}
}
