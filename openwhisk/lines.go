package openwhisk

import (
	"bytes"
	"encoding/base64"
	"io"
	"strconv"
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// lines speak version 2 of the native protocol with a proxy: lines with the id of a run, in any order.
type lines struct {
	program *program
	mu      sync.Mutex
	to      io.Writer
	line    []byte                 // under mu, while it is made
	open    map[string]*activation // under mu
	runs    sync.WaitGroup
}

// most is how many runs a handler takes at a time where the platform lets them overlap, which has a limit of its own.
const most = 500

// serve serves a line of the proxy:
//
//	run ID ACTIVATION DEADLINE REQUEST
//	cancel ID
func (l *lines) serve(line []byte) {
	words := bytes.SplitN(line, []byte(" "), 5)
	switch {
	case len(words) == 5 && string(words[0]) == "run":
		id, request := string(words[1]), words[4]
		a := newActivation(request, l.program.env)
		a.carrier = &channel{l, id}
		l.mu.Lock()
		l.open[id] = a
		l.mu.Unlock()
		l.runs.Add(1)
		go l.run(id, a, request)
	case len(words) == 2 && string(words[0]) == "cancel":
		l.mu.Lock()
		a := l.open[string(words[1])]
		l.mu.Unlock()
		if a != nil {
			a.stop()
		}
	}
}

func (l *lines) run(id string, a *activation, request []byte) {
	defer l.runs.Done()
	result := oneLine(l.program.call(a, argument(request)))
	l.mu.Lock()
	delete(l.open, id)
	l.mu.Unlock()
	l.write("end", id, result)
}

// write writes a line.
func (l *lines) write(word, id string, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = append(append(append(append(l.line[:0], word...), ' '), id...), ' ')
	l.line = append(append(l.line, text...), '\n')
	l.to.Write(l.line)
}

// handshake returns the first line of a child that takes these many runs at a time.
func handshake(concurrency int) string {
	return `{"openwhisk":2,"concurrency":` + strconv.Itoa(concurrency) + `,"request":true}` + "\n"
}

// argument returns the argument in a request, which is the object {} where there is none.
func argument(request []byte) []byte {
	value := []byte("{}")
	members := jsonscan.Object(request)
	for members.Next() {
		if string(members.Key) == "value" {
			value = members.Value
		}
	}
	return value
}

// channel carries the stream of a run in lines.
type channel struct {
	lines *lines
	id    string
}

func (c *channel) head(status int, header map[string][]string) {
	c.lines.write("head", c.id, appendHead(nil, status, header))
}

// event makes one line of a piece, so that it stays one event: text with at most one end of a line, at its own end,
// goes as it is.
func (c *channel) event(b []byte) bool {
	end := bytes.IndexAny(b, "\r\n")
	switch {
	case end < 0:
		c.lines.write("put", c.id, b)
	case end == len(b)-1 && b[end] == '\n':
		c.lines.write("out", c.id, b[:end])
	default:
		c.lines.write("out64", c.id, base64.StdEncoding.AppendEncode(nil, b))
	}
	return true
}
