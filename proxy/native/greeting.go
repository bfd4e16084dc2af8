//go:build linux

package native

import (
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// A greeting is the content of a child's first line.
type greeting struct {
	version     int  // of the native protocol, 0 for an acknowledgement
	concurrency int  // runs that it takes at a time
	request     bool // it gets the whole request
}

// mostConcurrent is how many runs a child is given at a time: the proxy has no more connections.
const mostConcurrent = 1000

//go:noinline
func (g Greeting) wanted() string {
	if g == Acknowledgement {
		return `acknowledgement {"ok":true}`
	}
	return `handshake {"openwhisk":1}`
}

//go:noinline
func (g Greeting) advice() string {
	if g == Acknowledgement {
		return ""
	}
	return " (an action without one runs under OW_PROTOCOL=actionloop, as in existing runtimes, under OW_PROTOCOL=v0, a process per run, or with OW_HANDSHAKE=off)"
}

// read reads the first line that a child wrote.
func (o *LoopOptions) read(line []byte) (said greeting, failed *StartError) {
	var version, ok, concurrency string
	members := jsonscan.Object(line)
	for members.Next() {
		switch value := string(members.Value); string(members.Key) {
		case "openwhisk":
			version = value
		case "ok":
			ok = value
		case "concurrency":
			concurrency = value
		case "request":
			said.request = value == "true"
		}
	}
	g := o.Greeting
	isObject := members.Err() == nil
	switch {
	case isObject && g == Acknowledgement && ok == "true":
		return said, nil
	case isObject && g == Handshake && o.Least == 1 && version == "1":
		said.version = 1
		return said, nil
	case isObject && o.Most == 2 && version == "2":
		said.version, said.concurrency = 2, 1
		return said, said.take(concurrency, o.Overlap)
	case isObject && version != "" && g == Handshake:
		return said, &StartError{Reason: "it speaks version " + clip(version) + " of the native protocol; this proxy speaks " + o.versions()}
	case isObject && g == Acknowledgement && ok == "false":
		return said, &StartError{Reason: "The action did not initialize properly."}
	}
	return said, &StartError{Reason: "its first line is not the " + g.wanted() + " but " + strconv.Quote(clip(string(jsonscan.Trim(line)))) + g.advice()}
}

// versions says which versions a child may speak here.
func (o *LoopOptions) versions() string {
	switch {
	case o.Workers > 1:
		return "version 1 to several workers (OW_WORKERS)"
	case o.Most == 1:
		return "version 1"
	case o.Least == 2:
		return "version 2 here (OW_PROTOCOL)"
	}
	return "versions 1 and 2"
}

// take takes the concurrency of a handshake, where there is one, as far as runs may overlap.
func (g *greeting) take(concurrency string, overlap bool) *StartError {
	if concurrency == "" {
		return nil
	}
	n, err := strconv.Atoi(concurrency)
	if err != nil || n < 1 {
		return &StartError{Reason: "the concurrency in its handshake is not a number from 1 up but " + strconv.Quote(clip(concurrency))}
	}
	if overlap {
		g.concurrency = min(n, mostConcurrent)
	}
	return nil
}
