// Template is an action to begin with: copy this folder, and change Event, Result and handle.
package main

import (
	"context"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// Event is the argument of a run, as JSON: {"name": "Mike"}.
type Event struct {
	Name string `json:"name"`
}

// Result is what a run answers, as JSON: {"body": "Hello, Mike"}.
type Result struct {
	Body string `json:"body"`
}

// handle answers one run. An error is the activation's: {"error": "…"}.
func handle(_ context.Context, event Event) (Result, error) {
	return Result{Body: "Hello, " + event.Name}, nil
}

func main() { openwhisk.StartFunc(handle) }
