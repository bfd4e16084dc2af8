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
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// Names of figures that only one scenario has. MB is 10^6 bytes.
const (
	first = "first answer ms"
	size  = "MB"
)

// measureLoad starts a server, sends it the load, and reads its memory when the
// load is over and its connections are closed.
func measureLoad(c server.Command, l load.Load) ([]rounds.Figure, error) {
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
	figures := []rounds.Figure{rounds.Of(rounds.Bad, float64(result.Bad()))}
	if result.Right > 0 {
		figures = append(figures,
			rounds.Of(rounds.P50, rounds.Microseconds(result.Percentile(50))),
			rounds.Of(rounds.P99, rounds.Microseconds(result.Percentile(99))),
			rounds.Of(rounds.Mean, 1e6*float64(max(1, l.Connections))/result.PerSecond()), // all connections are always busy
			rounds.Of(rounds.Rate, result.PerSecond()))
	}
	if memory, err := p.Memory(); err == nil { // else it is dead, as the count says
		figures = append(figures, rounds.Of(rounds.Resident, rounds.Megabytes(memory.Resident)), rounds.Of(rounds.Peak, rounds.Megabytes(memory.Peak)))
	}
	return figures, nil
}

// measureColdStart returns the median of n starts.
func measureColdStart(c server.Command, n int) ([]rounds.Figure, error) {
	var took []float64
	for range n {
		t, err := server.ColdStart(c)
		if err != nil {
			return nil, err
		}
		took = append(took, rounds.Milliseconds(t))
	}
	return []rounds.Figure{rounds.Of(first, report.Median(took))}, nil
}

// measureUpload gives the most memory that a server occupied until it has answered /init.
func measureUpload(c server.Command) ([]rounds.Figure, error) {
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
	return []rounds.Figure{rounds.Of(rounds.Peak, rounds.Megabytes(memory.Peak)), rounds.Of("start and upload ms", rounds.Milliseconds(took))}, nil
}

// measureSpawn runs the C program n times without any server.
func measureSpawn(spawn, program string, n int) ([]rounds.Figure, error) {
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
	return []rounds.Figure{rounds.Of(rounds.P50, rounds.Microseconds(result.Percentile(50))), rounds.Of(rounds.P99, rounds.Microseconds(result.Percentile(99)))}, nil
}

func measureSize(path string) ([]rounds.Figure, error) {
	file, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("measure size: %w", err)
	}
	return []rounds.Figure{rounds.Of(size, rounds.Megabytes(file.Size()))}, nil
}
