package openwhisk

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/whisk"
)

// inProcess is a native.Action that calls the handler in this process.
type inProcess struct {
	program  *program
	logs     *logPipes
	loop     *epoll.Loop
	watch    *watch
	together bool // runs may overlap
	runs     int
	streams  map[*native.Run]*looped // of those that may stream
}

// mostTogether is how many runs may overlap.
const mostTogether = 64

// Takes implements native.Action.
func (a *inProcess) Takes() bool { return a.runs == 0 || a.together && a.runs < mostTogether }

// Start implements native.Action. A handler that goes alone is called where the loop is, for most are done sooner than
// another thread would have begun; when it takes long, another goroutine leads the loop on.
func (a *inProcess) Start(r *native.Run) {
	a.runs++
	if !a.together {
		a.logs.logs.Begin(r)
	}
	switch {
	case a.program.streams:
		a.startStream(r)
		return
	case a.together:
		go func() { a.report(r)(a.run(r)) }()
		return
	}
	a.watch.begin()
	b, err := a.run(r)
	if lost := a.watch.end(); lost {
		a.report(r)(b, err)
		runtime.Goexit()
	}
	a.runs--
	r.Done(b, err)
}

// startStream calls a handler that may stream beside the loop, which takes its stream.
func (a *inProcess) startStream(r *native.Run) {
	of := newActivation(r.Body, a.program.env)
	to := &looped{loop: a.loop, run: r, stop: of.stop, taken: make(chan bool, 1)}
	of.carrier = to
	a.streams[r] = to
	go func() { a.report(r)(a.answer(a.program.call(of, r.Value))) }()
}

// report returns how a run's end is told to the loop from beside it.
func (a *inProcess) report(r *native.Run) func(b []byte, err error) {
	return func(b []byte, err error) {
		a.loop.Post(func() {
			a.runs--
			delete(a.streams, r)
			r.Done(b, err)
		})
	}
}

// run calls the handler.
func (a *inProcess) run(r *native.Run) ([]byte, error) {
	return a.answer(a.program.invoke(r.Body, r.Value))
}

// answer makes room for the header of an answer, when the log is out.
func (a *inProcess) answer(result []byte, err error) ([]byte, error) {
	a.logs.settle()
	if err != nil {
		return nil, err
	}
	b := make([]byte, native.HeadRoom+len(result))
	copy(b[native.HeadRoom:], result)
	return b, nil
}

// Cancel implements native.Action.
func (a *inProcess) Cancel(r *native.Run) {
	for of, to := range a.streams {
		if r == nil || r == of {
			to.cancel()
		}
	}
}

// Cancels implements native.Action.
func (a *inProcess) Cancels() bool { return a.program.streams }

// Hold implements native.Action. A handler that writes waits, and no other.
func (a *inProcess) Hold(r *native.Run, hold bool) bool {
	to := a.streams[r]
	if to == nil {
		return false
	}
	to.hold(hold)
	return hold
}

// Settle implements native.Action.
func (a *inProcess) Settle([]byte, bool) {}

// Signal implements native.Action. SIGKILL comes when a run has not ended in time; there is no other process to give it
// to.
func (a *inProcess) Signal(s syscall.Signal) {
	if s == syscall.SIGKILL {
		os.Exit(137)
	}
}

// Stop implements native.Action.
func (a *inProcess) Stop(p native.Patience) {
	a.program.shutdown(time.Duration(p.AfterEOF + p.AfterTerm))
}

// loader is the whisk.Loader of a program that is the action itself.
type loader struct {
	program *program
	action  *inProcess
	config  *whisk.Config
	begun   chan error // the result of OnInit, while it is called
}

// Load implements whisk.Loader: it takes the environment of an /init, and no code.
func (l *loader) Load(body whisk.Pieces, begin func() *whisk.Failure) (native.Action, *whisk.Failure) {
	refused := false
	request, err := whisk.ReadInit(body, func() (whisk.CodeSink, error) {
		refused = true
		return discard{}, nil
	})
	switch {
	case err != nil:
		return nil, &whisk.Failure{Status: 400, Text: "Error unmarshaling request: " + err.Error()}
	case refused && request.HasCode:
		return nil, &whisk.Failure{Status: 403, Text: "this image has its action built in and takes no code"}
	}
	if failed := begin(); failed != nil {
		return nil, failed
	}
	for _, v := range request.Env {
		os.Setenv(v[0], v[1])
	}
	if err := l.initialize(l.config.ExecLimit(request.Env)); err != nil {
		l.action.logs.settle()
		return nil, &whisk.Failure{Status: 502, Text: "cannot start action: " + err.Error()}
	}
	return l.action, nil
}

// initialize calls OnInit, and waits for it as long as an /init may take. An OnInit that is still at it when another
// /init comes is not called again.
func (l *loader) initialize(limit clock.Duration) error {
	if l.begun == nil {
		begun := make(chan error, 1)
		l.begun = begun
		go func() { begun <- l.program.initialize() }()
	}
	var late <-chan time.Time
	if limit >= 0 {
		late = time.After(time.Duration(limit))
	}
	select {
	case err := <-l.begun:
		l.begun = nil
		return err
	case <-late:
		return errors.New("it was not ready within " + limit.String() + ": its OnInit did not return")
	}
}

// Baked implements whisk.Loader: this program's action was preset.
func (l *loader) Baked() native.Action { return nil }

// discard is a whisk.CodeSink that keeps nothing.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) Binary(bool)                 {}
