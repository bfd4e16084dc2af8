// Events streams server-sent events, one for each item. A browser reads them with EventSource.
//
//	mkimage invoke 8080 --stream --param 'items=["a","b"]'
package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// Event is the argument: {"items": ["a", "b"]}.
type Event struct {
	Items []json.RawMessage `json:"items"`
}

func events(_ context.Context, event Event, stream *openwhisk.Stream) (map[string]int, error) {
	stream.Header()["Content-Type"] = []string{"text/event-stream"}
	stream.Flush() // the headers, before there is an event
	for i, item := range event.Items {
		if _, err := fmt.Fprintf(stream, "id: %d\ndata: {\"item\":%s}\n\n", i+1, item); err != nil {
			return nil, err
		}
	}
	return map[string]int{"events": len(event.Items)}, nil
}

func main() { openwhisk.StartStream(events) }
