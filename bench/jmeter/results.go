//go:build linux

package jmeter

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
)

// label marks the samples that count.
const label = "Hello"

// parse reads the samples that JMeter has written as CSV, with a line of names, and times in milliseconds. A sample that
// JMeter's own check refused is wrong if its status is 200, and has failed otherwise.
func parse(from io.Reader) (*load.Result, error) {
	lines := csv.NewReader(from)
	names, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("read JMeter's results: %w", err)
	}
	column := func(name string) int { return slices.Index(names, name) }
	began, elapsed, labelled, status, success := column("timeStamp"), column("elapsed"), column("label"), column("responseCode"), column("success")
	if min(began, elapsed, labelled, status, success) < 0 {
		return nil, fmt.Errorf("read JMeter's results: a column is missing in %q", names)
	}
	result := &load.Result{}
	var first, last int64
	for {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read JMeter's results: %w", err)
		}
		if line[labelled] != label {
			continue
		}
		from, err := strconv.ParseInt(line[began], 10, 64)
		took, wrong := strconv.ParseInt(line[elapsed], 10, 64)
		if err = errors.Join(err, wrong); err != nil {
			return nil, fmt.Errorf("read JMeter's results: %w", err)
		}
		if result.Sent == 0 {
			first = from
		}
		first, last = min(first, from), max(last, from+took)
		result.Sent++
		result.Latencies = append(result.Latencies, time.Duration(took)*time.Millisecond)
		switch {
		case line[success] == "true":
			result.Right++
		case line[status] == "200":
			result.Wrong++
		default:
			result.Failed++
			if result.FirstBad == "" {
				result.FirstBad = "status " + line[status]
			}
		}
	}
	slices.Sort(result.Latencies)
	result.Wall = time.Duration(last-first) * time.Millisecond
	return result, nil
}
