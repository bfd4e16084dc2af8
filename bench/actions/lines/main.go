// Lines is the action of the benchmarks that speaks version 2 of the native protocol, 16 runs at a time:
//
//	-X main.work=hello   decode the value, greet the name, encode (the default)
//	-X main.work=wait    greet after 50 ms; the runs wait together
//	-X main.work=stream  stream a line before the result, unless the value has "plain"; with "tell", an address, wait
//	                     for the cancel, and then close a connection to there
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"os"
	"sync"
	"time"
)

// work is set by the linker.
var work = "hello"

// pause is how long a run waits.
const pause = 50 * time.Millisecond

// value is the argument of a run.
type value struct {
	Name  string `json:"name"`
	Plain bool   `json:"plain"`
	Tell  string `json:"tell"`
}

var mu sync.Mutex // over writing a line, and told

// told are connections that a cancel closes, by the id of the run.
var told = map[string]net.Conn{}

func main() {
	say(`{"openwhisk":2,"concurrency":16}`)
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		words := bytes.SplitN(bytes.TrimSuffix(line, []byte("\n")), []byte(" "), 5)
		id := string(words[1])
		if string(words[0]) == "cancel" {
			cancel(id)
			continue
		}
		var v value
		if err := json.Unmarshal(words[4], &v); err != nil {
			say("end " + id + ` {"error":"the value is not JSON"}`)
			continue
		}
		switch work {
		case "wait":
			time.AfterFunc(pause, func() { greet(id, v) })
		case "stream":
			stream(id, v)
		default:
			greet(id, v)
		}
	}
}

func greet(id string, v value) {
	out, _ := json.Marshal(map[string]string{"greetings": "Hello, " + v.Name}) // strings cannot fail
	say("end " + id + " " + string(out))
}

func stream(id string, v value) {
	if v.Tell != "" {
		conn, err := net.Dial("tcp", v.Tell)
		if err != nil {
			say("end " + id + ` {"error":"nobody to tell"}`)
			return
		}
		mu.Lock()
		told[id] = conn
		mu.Unlock()
		say("out " + id + " waiting")
		return
	}
	if !v.Plain {
		say("out " + id + " first")
	}
	say("end " + id + " {}")
}

func cancel(id string) {
	mu.Lock()
	conn := told[id]
	delete(told, id)
	mu.Unlock()
	if conn != nil {
		conn.Close()
		say("end " + id + " {}")
	}
}

func say(line string) {
	mu.Lock()
	defer mu.Unlock()
	os.Stdout.WriteString(line + "\n")
}
