//go:build linux

// Package native speaks the OpenWhisk Native Protocol with actions: it starts an executable, gives it activations and
// takes its results and logs. The protocol is specified in docs/native-protocol.md; each form of it is a file here:
// v0.go (a process per run), loop.go and exchange.go (a long-lived child: v1 and ActionLoop, whose compilers compile.go
// runs), pool.go (several such children), lines.go, words.go and feed.go (v2: runs of a long-lived child that overlap,
// stream and are cancelled).
//
// Runs are served by the loop of package epoll. It writes a request to the child's pipe; the child's pipes and its end
// are events like all others. Starts and ends take long and are for goroutines beside the loop. Nothing is written
// ahead to a child.
package native

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
)

// A Program is a checked executable with its arguments and environment.
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
	// ID is the activation's id as it stands in the request, nil for none.
	ID []byte
	// Namespace is the activation's namespace, in the form of ID.
	Namespace []byte
	// Deadline is the time at which the platform ends the run, in milliseconds since 1970; 0 for none that lies ahead.
	Deadline int64
}

// A Run is an activation that is given to an action.
type Run struct {
	Activation
	Owner
	// Log takes the log of a run that may overlap others, nil where lines are written as they come.
	Log *Block

	open *openRun // in Lines
}

// An Owner waits for the end of its run.
type Owner interface {
	// Done is called once, by the loop, with the run's answer, checked by nobody: b[HeadRoom:] is the line. On success
	// b belongs to the owner until Settle. All logs that were written before the result have been relayed.
	Done(b []byte, err error)
	// Begin takes the head of the run's stream.
	Begin(h stream.Header)
	// Piece takes a piece of the run's stream, and a LF after it if line says so. It keeps nothing of b.
	Piece(b []byte, line bool)
}

// An Action is something that runs can be given to. Its methods are for the loop, but Signal and Stop.
type Action interface {
	// Takes reports whether the action takes another run now.
	Takes() bool
	// Start gives a run to the action. Its Done may be called before Start returns.
	Start(r *Run)
	// Cancel tells the action that nobody wants the run's result any more, or not for long; nil means all runs. An
	// action that knows of no such thing does nothing.
	Cancel(r *Run)
	// Cancels reports whether the action knows of it.
	Cancels() bool
	// Hold makes the action wait while the reader of a run's stream catches up, or lets it go on. It reports false
	// where the action does not wait, since other runs would wait with it.
	Hold(r *Run, hold bool) bool
	// Settle takes b back when free tells that the owner of the run has no use for it.
	Settle(b []byte, free bool)
	// Signal passes a signal on to the action. Any goroutine may call it.
	Signal(s syscall.Signal)
	// Stop ends the action, which has no run; see Patience. It is not for the loop, which goes on meanwhile.
	Stop(p Patience)
}

// HeadRoom is how many bytes stay free in front of an answer, for the HTTP header.
const HeadRoom = http1.HeadRoom

// An ExitError is how a run fails when the action's process ended or closed its output.
type ExitError struct {
	Reason string // "exit status 3", "signal: killed", …
	Before bool   // it had ended before this run
}

func (e *ExitError) Error() string { return "the action exited: " + e.Reason }

// alone is an action whose runs neither stream nor are cancelled.
type alone struct{}

// Cancel implements Action.
func (alone) Cancel(*Run) {}

// Cancels implements Action.
func (alone) Cancels() bool { return false }

// Hold implements Action.
func (alone) Hold(*Run, bool) bool { return false }
