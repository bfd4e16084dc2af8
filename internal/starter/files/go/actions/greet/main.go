// Greet is an action that greets.
package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// Event is the value of a run: {"name": "Mike"}.
type Event struct {
	Name string `json:"name"`
}

// Result is the answer to a run: {"greetings": "Hello, Mike"}.
type Result struct {
	Greetings string `json:"greetings"`
}

// greet answers one run. What it prints is the log.
func greet(_ context.Context, event Event) (Result, error) {
	fmt.Println("greeting somebody")
	return Result{"Hello, " + cmp.Or(event.Name, "world")}, nil
}

func main() { openwhisk.StartFunc(greet) }
