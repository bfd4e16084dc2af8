// Command action is the action of the tests: it speaks whatever protocol the
// environment tells, and obeys. Its first argument and the member "do" of each
// value are steps:
//
//	{"id":1,"do":[["stderr","hello\n"],["exit","3"]]}
//
// It answers with the value, its process and how many runs it has had, unless
// a step says otherwise.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// An action is the program's state.
type action struct {
	in       *bufio.Reader
	results  *os.File
	runs     int
	ending   bool // at the end of its input (false: it goes on without)
	answer   map[string]any
	silent   bool   // no answer of its own for this run
	together string // written behind the answer, in the same write
	after    [][]string

	concurrency int     // version 2: of the handshake
	open        *open   // version 2: the run that this is
	over        func()  // is called before its end
	whole       *action // the action that it is a run of
}

// child is the second argument of a process that another action started: it takes
// steps and ends.
const child = "child"

func main() {
	protocol := os.Getenv("OW_PROTOCOL")
	a := &action{in: bufio.NewReader(os.Stdin), results: os.Stdout, ending: true, answer: map[string]any{}}
	if protocol == "actionloop" || os.Getenv("OW_RESULT_FD") == "3" {
		a.results = os.NewFile(3, "results")
	}
	var first [][]string
	if len(os.Args) > 1 {
		json.Unmarshal([]byte(os.Args[1]), &first)
	}
	a.obey(first)
	if len(os.Args) > 2 && os.Args[2] == child {
		return
	}
	if protocol == "v0" {
		a.once()
		return
	}
	if !a.silent {
		a.greet(protocol)
	}
	if a.speaksLines(protocol) {
		a.lines()
		return
	}
	a.loop(protocol == "actionloop")
}

func (a *action) greet(protocol string) {
	switch {
	case protocol == "actionloop":
		if os.Getenv("__OW_WAIT_FOR_ACK") != "" {
			a.results.WriteString("{\"ok\":true}\n")
		}
	case a.speaksLines(protocol):
		fmt.Fprintf(a.results, "{\"openwhisk\":2,\"concurrency\":%d}\n", max(1, a.concurrency))
	case os.Getenv("OW_HANDSHAKE") != "off":
		a.results.WriteString("{\"openwhisk\":1}\n")
	}
}

// once is version 0: a value is all of stdin, and the second argument after the
// name of the script.
func (a *action) once() {
	value, _ := io.ReadAll(a.in)
	if len(os.Args) > 3 {
		a.answer["argument"] = os.Args[3] == string(value)
	}
	a.run(value)
}

func (a *action) loop(whole bool) {
	for {
		line, err := a.in.ReadBytes('\n')
		if err != nil {
			if a.ending {
				os.Stderr.WriteString("bye\n")
				return
			}
			time.Sleep(time.Hour)
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		a.answer, a.silent, a.together, a.after = map[string]any{}, false, "", nil
		if whole {
			var request map[string]json.RawMessage
			if err := json.Unmarshal(line, &request); err != nil {
				a.answer["broken"] = string(line)
			}
			line = request["value"]
			delete(request, "value")
			a.answer["request"] = request
		}
		a.run(line)
	}
}

func (a *action) run(value []byte) {
	a.runs++
	a.answer["run"], a.answer["pid"], a.answer["value"] = a.runs, os.Getpid(), json.RawMessage(value)
	var told struct {
		Do [][]string `json:"do"`
	}
	if err := json.Unmarshal(value, &told); err != nil && value[0] == '{' {
		a.answer["broken"] = err.Error()
	}
	a.obey(told.Do)
	a.finish()
	if !a.silent {
		a.reply()
	}
	a.obey(a.after)
}

// finish tells that the run's end follows: its place is free before that can be read.
func (a *action) finish() {
	if a.over != nil {
		a.over()
		a.over = nil
	}
}

// reply writes the answer as one line in one write. The value stands in it as
// it came.
func (a *action) reply() {
	var b bytes.Buffer
	if a.open != nil {
		b.WriteString("end " + a.open.id + " ")
	}
	b.WriteString(`{"value":`)
	value, _ := a.answer["value"].(json.RawMessage)
	b.Write(value)
	delete(a.answer, "value")
	rest, err := json.Marshal(a.answer)
	if err != nil {
		panic(err)
	}
	b.WriteByte(',')
	b.Write(rest[1:])
	b.WriteByte('\n')
	b.WriteString(a.together)
	a.write(b.Bytes())
}
