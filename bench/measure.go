//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// Names of the figures, as they head the columns. MB is 10^6 bytes.
const (
	p50      = "p50 µs"
	p99      = "p99 µs"
	mean     = "mean µs"
	rate     = "runs/s"
	bad      = "wrong or failed"
	resident = "resident MB"
	peak     = "peak MB"
	first    = "first answer ms"
	size     = "MB"
)

// figure is a measured value and its name.
type figure struct {
	name  string
	value float64
}

// measureLoad starts a server, sends it the load, and reads its memory when the
// load is over and its connections are closed.
func measureLoad(c server.Command, l load.Load) ([]figure, error) {
	p, err := server.Start(c)
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	l.Address = p.Address
	l.Patience = 3 * time.Second
	result, err := l.Run()
	if err != nil {
		return nil, err
	}
	if result.Bad() > 0 {
		fmt.Fprintf(os.Stderr, "  first bad answer: %s\n", result.FirstBad)
	}
	figures := []figure{{bad, float64(result.Bad())}}
	if result.Right > 0 {
		figures = append(figures,
			figure{p50, microseconds(result.Percentile(50))},
			figure{p99, microseconds(result.Percentile(99))},
			figure{mean, 1e6 * float64(max(1, l.Connections)) / result.PerSecond()}, // all connections are always busy
			figure{rate, result.PerSecond()})
	}
	if memory, err := p.Memory(); err == nil { // else it is dead, as the count says
		figures = append(figures, figure{resident, megabytes(memory.Resident)}, figure{peak, megabytes(memory.Peak)})
	}
	return figures, nil
}

// measureColdStart returns the median of n starts.
func measureColdStart(c server.Command, n int) ([]figure, error) {
	var took []float64
	for range n {
		t, err := server.ColdStart(c)
		if err != nil {
			return nil, err
		}
		took = append(took, microseconds(t)/1000)
	}
	return []figure{{first, report.Median(took)}}, nil
}

// measureUpload gives the most memory that a server occupied until it has answered /init.
func measureUpload(c server.Command) ([]figure, error) {
	p, err := server.Start(c)
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	took := time.Since(p.Began)
	memory, err := p.Memory()
	if err != nil {
		return nil, err
	}
	return []figure{{peak, megabytes(memory.Peak)}, {"start and upload ms", microseconds(took) / 1000}}, nil
}

// measureSpawn runs the C program n times without any server.
func measureSpawn(spawn, program string, n int) ([]figure, error) {
	out, err := exec.Command(spawn, strconv.Itoa(n), program, `{"name":"u00000001"}`).Output()
	if err != nil {
		return nil, fmt.Errorf("spawn: %w", err)
	}
	var result load.Result
	for line := range strings.Lines(string(out)) {
		nanoseconds, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("spawn: %w", err)
		}
		result.Latencies = append(result.Latencies, time.Duration(nanoseconds))
	}
	slices.Sort(result.Latencies)
	return []figure{{p50, microseconds(result.Percentile(50))}, {p99, microseconds(result.Percentile(99))}}, nil
}

func measureSize(path string) ([]figure, error) {
	file, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("measure size: %w", err)
	}
	return []figure{{size, megabytes(file.Size())}}, nil
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
