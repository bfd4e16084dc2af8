//go:build linux

package rounds

import (
	"fmt"
	"os"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// First is the figure of a cold start.
const First = "first answer ms"

// Loaded starts a server, sends it the load, and reads its memory when the load is over and its connections are closed.
func Loaded(c server.Command, l load.Load) ([]Figure, error) {
	p, err := server.Start(c)
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	l.Address = p.Address
	l.Patience = 3 * time.Second
	before, err := server.ProcessorOf(p.PID)
	if err != nil {
		return nil, err
	}
	result, err := l.Run()
	if err != nil {
		return nil, err
	}
	if result.Bad() > 0 {
		fmt.Fprintf(os.Stderr, "  first bad answer: %s\n", result.FirstBad)
	}
	figures := []Figure{{Bad, float64(result.Bad())}}
	if result.Right > 0 {
		figures = append(figures,
			Of(P50, Microseconds(result.Percentile(50))),
			Of(P99, Microseconds(result.Percentile(99))),
			Of(Mean, 1e6*float64(max(1, l.Connections))/result.PerSecond()), // all connections are always busy
			Of(Rate, result.PerSecond()))
	}
	after, err := server.ProcessorOf(p.PID)
	if err != nil {
		return figures, nil // it is dead, as the count says
	}
	figures = append(figures, Of(Processor, Microseconds(after-before)/float64(l.Warm+l.Requests)))
	if memory, err := p.Memory(); err == nil {
		figures = append(figures, Of(Resident, Megabytes(memory.Resident)), Of(Peak, Megabytes(memory.Peak)))
	}
	return figures, nil
}

// Cold returns the median of n cold starts.
func Cold(c server.Command, n int) ([]Figure, error) {
	var took []float64
	for range n {
		t, err := server.ColdStart(c)
		if err != nil {
			return nil, err
		}
		took = append(took, Milliseconds(t))
	}
	return []Figure{Of(First, report.Median(took))}, nil
}
