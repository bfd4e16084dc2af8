// A native action that speaks v1 without a library: one line says so, then each
// line in is a value and each line out its result. Logs go to stderr.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

type request struct {
	Name string `json:"name"`
	Env  string `json:"env"` // a variable to give back
}

type response struct {
	Greeting string   `json:"greeting"`
	Env      string   `json:"env,omitempty"`
	User     [2]int   `json:"user"` // as which it runs: user and group
	Dir      string   `json:"dir"`
	Files    []string `json:"files"` // what lies in the working directory
}

func main() {
	fmt.Println(`{"openwhisk":1}`)
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var req request
		if err := in.Decode(&req); err != nil {
			return
		}
		// No newline at the end: the sentinel must still stand alone.
		fmt.Fprintf(os.Stderr, "greeting %s", req.Name)
		dir, _ := os.Getwd()
		var files []string
		entries, _ := os.ReadDir(".")
		for _, e := range entries {
			files = append(files, e.Name())
		}
		out.Encode(response{
			Greeting: "Hello, " + req.Name,
			Env:      os.Getenv(req.Env),
			User:     [2]int{os.Getuid(), os.Getgid()},
			Dir:      dir,
			Files:    files,
		})
	}
}
