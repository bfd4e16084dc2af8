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
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// size is the figure of a file; MB is 10^6 bytes.
const size = "MB"

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
