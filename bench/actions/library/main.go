// Library is the action of the benchmarks as a program that serves itself: it
// decodes, greets the name, encodes, as actions/loop does.
package main

import (
	"encoding/json"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

func main() {
	openwhisk.Start(func(event json.RawMessage) (json.RawMessage, error) {
		var in struct {
			Name string `json:"name"`
		}
		if err := json.Unmarshal(event, &in); err != nil {
			return nil, err
		}
		return json.Marshal(map[string]string{"greetings": "Hello, " + in.Name})
	})
}
