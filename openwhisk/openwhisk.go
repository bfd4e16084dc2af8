// Package openwhisk makes a Go program an OpenWhisk action. The program serves /init and /run itself: it needs no
// server beside it and starts no process for a run.
//
//	func hello(event json.RawMessage) (json.RawMessage, error) {
//		return json.Marshal(map[string]string{"greetings": "Hello"})
//	}
//
//	func main() { openwhisk.Start(hello) }
//
// The same program runs as an upload that replaces mkimage's proxy (after it has started once on the side, so that a
// start that fails is answered), baked into an image without a proxy, as the child of a proxy that speaks the OpenWhisk
// Native Protocol (v1, v2 or ActionLoop), and on a desk: go run . and then
//
//	curl localhost:8080/run -d '{"value":{"name":"Mike"}}'
//
// The result of a handler is the answer: an object or an array. Its error is an application error, {"error":"…"}. A
// panic is a failed run, with the stack in the log, and the program lives on. Output to os.Stdout and os.Stderr is the
// activation's log.
//
// Runs come one at a time, or together when the container's __OW_ALLOW_CONCURRENT is true. Settings are those of the
// proxy: OW_PORT, OW_MAX_BODY, OW_SHUTDOWN_GRACE.
package openwhisk

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"syscall"
)

// Marker is in every program that can be started by Start, StartContext or StartFunc, stripped or not. The proxy looks
// for it to tell such programs from others.
const Marker = "openwhisk-action-library\x00v2\x00"

// Handler answers one activation. event is the activation's argument, an object or an array; it belongs to the handler.
// The result has to be an object or an array too. ctx ends at the activation's deadline, and has the activation's
// members: ActivationID, Namespace, ActionName.
type Handler func(ctx context.Context, event json.RawMessage) (json.RawMessage, error)

// Start serves activations with fn until the container ends. It does not return.
func Start(fn func(json.RawMessage) (json.RawMessage, error)) {
	StartContext(func(_ context.Context, event json.RawMessage) (json.RawMessage, error) { return fn(event) })
}

// StartFunc is StartContext for typed values: the argument is decoded into an In, and the Out encoded, as encoding/json
// does. An argument that does not fit is an application error that says why, and quotes nothing of it.
func StartFunc[In, Out any](fn func(context.Context, In) (Out, error), options ...Option) {
	StartContext(func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
		var in In
		if err := decode(event, &in); err != nil {
			return nil, err
		}
		out, err := fn(ctx, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}, options...)
}

// StartContext is Start for a handler that takes a context, with options.
func StartContext(fn func(context.Context, json.RawMessage) (json.RawMessage, error), options ...Option) {
	if !started.CompareAndSwap(false, true) {
		fail("Start was called twice: a program has one handler")
	}
	p := &program{handler: fn, marker: Marker}
	for _, option := range options {
		option(p)
	}
	p.serve()
}

var started atomic.Bool

// An Option is an addition to a program.
type Option func(*program)

// OnInit calls fn when /init has set the action's environment, before the first run. An error fails the init. An
// uploaded program starts twice, once on the side to see whether it can, and so calls fn in both processes.
func OnInit(fn func(context.Context) error) Option {
	return func(p *program) { p.onInit = fn }
}

// OnShutdown calls fn after the last run, when the container is told to end, and at the end of a start on the
// side. ctx ends when the time for that is over.
func OnShutdown(fn func(context.Context)) Option {
	return func(p *program) { p.onShutdown = fn }
}

// program holds the arguments of Start.
type program struct {
	handler    Handler
	onInit     func(context.Context) error
	onShutdown func(context.Context)
	env        *variables // of the run that is under way, where they go one after the other
	marker     string     // keeps Marker in programs that call Start, and in no others
	streams    bool       // the handler may stream
}

// serve finds out how the program was started, and does not return.
func (p *program) serve() {
	if !handedOver() {
		if results := childOf(); results != nil {
			p.pipes(results)
		}
	}
	p.http()
}

// initialize calls the function of OnInit.
func (p *program) initialize() (err error) {
	if p.onInit == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			fmt.Fprintf(os.Stderr, "panic: %v\n\n%s", v, debug.Stack())
			err = fmt.Errorf("OnInit panicked: %v", v)
		}
	}()
	return p.onInit(context.Background())
}

// fail ends the program. It does not use os.Stderr, in whose place there may be a pipe that nobody would empty any
// more.
func fail(reason string) {
	os.NewFile(uintptr(syscall.Stderr), "stderr").WriteString("openwhisk: " + reason + "\n")
	os.Exit(1)
}
