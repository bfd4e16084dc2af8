// Typed is an action whose argument and result are Go types.
//
//	mkimage invoke 8080 --param name=Mike --param times=2
package main

import (
	"context"
	"errors"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// Event is the argument: {"name": "Mike", "times": 2}.
type Event struct {
	Name  string `json:"name"`
	Times int    `json:"times"`
}

// Greeting is the result: {"greetings": "Hello, Mike. Hello, Mike."}.
type Greeting struct {
	Greetings string `json:"greetings"`
}

// greet answers one run. Its error becomes the activation's: {"error": "no name specified"}.
func greet(_ context.Context, event Event) (Greeting, error) {
	if event.Name == "" {
		return Greeting{}, errors.New("no name specified")
	}
	hellos := strings.Repeat("Hello, "+event.Name+". ", max(event.Times, 1))
	return Greeting{strings.TrimSpace(hellos)}, nil
}

func main() { openwhisk.StartFunc(greet) }
