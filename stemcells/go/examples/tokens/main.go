// Tokens streams an answer token by token, as a chat does.
//
//	mkimage invoke 8080 --stream --param prompt=Mike
package main

import (
	"context"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// Event is the argument: {"prompt": "Mike"}.
type Event struct {
	Prompt string `json:"prompt"`
}

func answer(_ context.Context, event Event, stream *openwhisk.Stream) (map[string]int, error) {
	tokens := []string{"Hello", ",", " " + event.Prompt, "!", "\n"}
	for _, token := range tokens {
		if _, err := stream.WriteString(token); err != nil {
			return nil, err
		}
	}
	return map[string]int{"tokens": len(tokens)}, nil
}

func main() { openwhisk.StartStream(answer) }
