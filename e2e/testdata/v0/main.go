// A native action that speaks v0: a process per run, the value in its first
// argument and on stdin, the result on the last line of stdout.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	var value struct {
		Name string `json:"name"`
	}
	stdin, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = json.Unmarshal([]byte(os.Args[1]), &value)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("greeting", value.Name)
	fmt.Fprint(os.Stderr, "same on stdin: ", string(stdin) == os.Args[1])
	result, _ := json.Marshal(map[string]string{
		"greeting":   "Hello, " + value.Name,
		"activation": os.Getenv("__OW_ACTIVATION_ID"),
	})
	os.Stdout.Write(result)
}
