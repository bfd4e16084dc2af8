// Context is an action that knows its activation, and ends its work before the platform would.
//
//	mkimage invoke 8080 --param work=1500ms
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// Event is the argument: {"work": "1500ms"}.
type Event struct {
	Work string `json:"work"`
}

// Report is the result. What the platform did not tell is left out.
type Report struct {
	Activation string `json:"activation,omitempty"`
	Namespace  string `json:"namespace,omitempty"`
	Action     string `json:"action,omitempty"`
	Left       string `json:"left,omitempty"` // of the time that the platform allows
}

// work takes as long as the event says, or until the deadline.
func work(ctx context.Context, event Event) (Report, error) {
	takes, err := time.ParseDuration(event.Work)
	if err != nil {
		return Report{}, fmt.Errorf("work: %w", err)
	}
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return Report{}, fmt.Errorf("gave up: %w", ctx.Err())
	}
	var report Report
	report.Activation, _ = openwhisk.ActivationID(ctx)
	report.Namespace, _ = openwhisk.Namespace(ctx)
	report.Action, _ = openwhisk.ActionName(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		report.Left = time.Until(deadline).Round(time.Millisecond).String()
	}
	return report, nil
}

func main() { openwhisk.StartFunc(work) }
