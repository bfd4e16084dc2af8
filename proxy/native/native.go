//go:build linux

// Package native speaks the OpenWhisk Native Protocol with actions: it starts an executable, gives it activations and
// takes its results and logs. The protocol is specified in docs/native-protocol.md; each form of it is a file here:
// v0.go (a process per run), loop.go (a long-lived child: v1 and ActionLoop, whose compilers compile.go runs).
//
// One thread serves a run from end to end with blocking system calls: it writes the request to the child's pipe and
// waits in one ppoll(2) for the result, the child's end, and its logs. Nothing is written ahead to a child.
package native

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
)

// A Program is a checked executable and what it is started with.
type Program struct {
	Path string   // absolute
	Args []string // after the program's name
	Dir  string   // its working directory
	Env  []string // its whole environment, "KEY=value"
}

// An Activation is one run's request.
type Activation struct {
	// Body is the request as it came, one JSON object on one line.
	Body []byte
	// Value is the object or array in it that is the action's argument.
	Value []byte
}

// An Action is something that runs can be given to.
type Action interface {
	// Run gives one activation to the action and returns its answer, checked by nobody: b[HeadRoom:] is the line. On
	// success b belongs to the caller until Settle. Run relays logs while it waits, and when it returns all that were
	// written before the result. When it has waited for a millisecond it calls slow, unless that is nil.
	Run(a Activation, slow func()) (b []byte, err error)
	// Settle takes b back when free tells that the caller has no use for it.
	Settle(b []byte, free bool)
	// Overlaps tells whether Run and Settle may be called by several goroutines at once.
	Overlaps() bool
	// Signal passes a signal on to the action.
	Signal(s syscall.Signal)
	// Stop ends the action; see Patience.
	Stop(p Patience)
}

// slowAfter is when a run is slow.
const slowAfter = clock.Millisecond

// HeadRoom is how many bytes stay free in front of an answer, for the HTTP header.
const HeadRoom = http1.HeadRoom

// An ExitError is how a run fails when the action's process ended or closed its output.
type ExitError struct {
	Reason string // "exit status 3", "signal: killed", …
	Before bool   // it had ended before this run
}

func (e *ExitError) Error() string { return "the action exited: " + e.Reason }
