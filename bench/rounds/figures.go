//go:build linux

package rounds

import (
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
)

// Names of the figures of a load, as they head the columns. MB is 10^6 bytes.
const (
	P50       = "p50 µs"
	P90       = "p90 µs"
	P95       = "p95 µs"
	P99       = "p99 µs"
	Max       = "max µs"
	Mean      = "mean µs"
	Rate      = "runs/s"
	Wrong     = "wrong"
	Failed    = "failed"
	Bad       = "wrong or failed"
	Resident  = "resident MB"
	Peak      = "peak MB"
	Processor = "processor µs/run"
	Memory    = "memory MB"
)

// The columns of the seed's table, which are those of JMeter's aggregate report. Times are in milliseconds.
const (
	Samples = "# Samples"
	Average = "Average"
	Median  = "Median"
	Line90  = "90% Line"
	Line95  = "95% Line"
	Line99  = "99% Line"
	Least   = "Min"
	Most    = "Max"
)

// Latencies returns the times of a load in microseconds.
func Latencies(r *load.Result) []Figure {
	if len(r.Latencies) == 0 {
		return nil
	}
	return []Figure{
		{P50, Microseconds(r.Percentile(50))}, {P90, Microseconds(r.Percentile(90))}, {P95, Microseconds(r.Percentile(95))},
		{P99, Microseconds(r.Percentile(99))}, {Max, Microseconds(r.Percentile(100))}, {Mean, Microseconds(r.Mean())},
	}
}

// Seed returns the times of a load in the seed's columns.
func Seed(r *load.Result) []Figure {
	figures := []Figure{{Samples, float64(r.Sent)}}
	if len(r.Latencies) == 0 {
		return figures
	}
	return append(figures, Figure{Average, Milliseconds(r.Mean())}, Figure{Median, Milliseconds(r.Percentile(50))},
		Figure{Line90, Milliseconds(r.Percentile(90))}, Figure{Line95, Milliseconds(r.Percentile(95))}, Figure{Line99, Milliseconds(r.Percentile(99))},
		Figure{Least, Milliseconds(r.Percentile(0))}, Figure{Most, Milliseconds(r.Percentile(100))})
}

// Answers returns how many answers there were in a second, and how many were wrong and failed.
func Answers(r *load.Result) []Figure {
	return []Figure{{Rate, r.PerSecond()}, {Wrong, float64(r.Wrong)}, {Failed, float64(r.Failed)}}
}

// Microseconds returns a time in microseconds.
func Microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// Milliseconds returns a time in milliseconds.
func Milliseconds(d time.Duration) float64 { return Microseconds(d) / 1e3 }

// Megabytes returns a size in millions of bytes.
func Megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
