// Process is the action of the benchmarks as v0 has it: a process for each run,
// which decodes its argument, greets the name, encodes, and ends.
package main

import (
	"encoding/json"
	"os"
)

func main() {
	var in struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal([]byte(os.Args[1]), &in); err != nil {
		os.Exit(1)
	}
	out, err := json.Marshal(map[string]string{"greetings": "Hello, " + in.Name})
	if err != nil {
		os.Exit(1)
	}
	os.Stdout.Write(append(out, '\n'))
}
