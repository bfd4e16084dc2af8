// Loop is the long-lived action that the benchmarks upload. It reads a line and answers a line, until the end of input:
//
//	-X main.protocol=v1          handshake on stdout, answers on stdout (the default)
//	-X main.protocol=actionloop  acknowledgement and answers on file descriptor 3
//	-X main.work=hello           decode the line, greet the name, encode (the default)
//	-X main.work=echo            send the line back as it came, so that the proxy is what is measured
//	-X main.work=wait            greet after 50 ms
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"time"
)

// Set by the linker.
var (
	protocol = "v1"
	work     = "hello"
)

// input is a line of v1, which is the value, or of ActionLoop, which is the whole request.
type input struct {
	Name  string `json:"name"`
	Value *input `json:"value"`
}

func main() {
	out, ready := os.Stdout, `{"openwhisk":1}`
	if protocol == "actionloop" {
		out, ready = os.NewFile(3, "results"), `{"ok":true}`
	}
	if _, err := io.WriteString(out, ready+"\n"); err != nil {
		os.Exit(1)
	}
	in := bufio.NewReaderSize(os.Stdin, 64<<10)
	var line []byte
	for {
		var err error
		if line, err = readLine(in, line[:0]); err != nil {
			return
		}
		if work == "wait" {
			time.Sleep(50 * time.Millisecond)
		}
		if work != "echo" {
			line = greet(line)
		}
		if _, err := out.Write(line); err != nil {
			return
		}
	}
}

// readLine appends a line with its end to line, whatever its length.
func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

// greet does what users' actions do: decode, compute, encode.
func greet(line []byte) []byte {
	var in input
	if err := json.Unmarshal(line, &in); err != nil {
		return []byte(`{"error":"the line is not JSON"}` + "\n")
	}
	if in.Value != nil {
		in = *in.Value
	}
	out, err := json.Marshal(map[string]string{"greetings": "Hello, " + in.Name})
	if err != nil {
		return []byte(`{"error":"the name cannot be encoded"}` + "\n")
	}
	return append(out, '\n')
}
