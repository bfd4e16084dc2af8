// Countdown streams a countdown, a line each second. When its reader leaves, the run ends.
//
//	mkimage invoke 8080 --stream --param from=3
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// Event is the argument: {"from": 10, "pause": 1}.
type Event struct {
	From  *int     `json:"from"`
	Pause *float64 `json:"pause"` // in seconds
}

// Result is the result, for the record: {"counted": 10}.
type Result struct {
	Counted int `json:"counted"`
}

func countdown(ctx context.Context, event Event, stream *openwhisk.Stream) (Result, error) {
	from, pause := 10, time.Second
	if event.From != nil {
		from = *event.From
	}
	if event.Pause != nil {
		pause = time.Duration(*event.Pause * float64(time.Second))
	}
	for n := from; n > 0; n-- {
		fmt.Fprintln(stream, n)
		select {
		case <-time.After(pause):
		case <-ctx.Done(): // nobody reads, or the deadline comes
			return Result{}, ctx.Err()
		}
	}
	_, err := fmt.Fprintln(stream, "lift-off")
	return Result{from}, err
}

func main() { openwhisk.StartStream(countdown) }
