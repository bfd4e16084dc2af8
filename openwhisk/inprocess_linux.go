package openwhisk

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/whisk"
)

// inProcess is a native.Action that calls the handler in this process.
type inProcess struct {
	program *program
	logs    *logPipes
	watch   *watch
}

// Run implements native.Action.
func (a *inProcess) Run(activation native.Activation, slow func()) ([]byte, error) {
	if slow != nil {
		a.watch.begin(slow)
	}
	result, err := a.program.invoke(activation.Body, activation.Value)
	if slow != nil {
		a.watch.end()
	}
	a.logs.settle()
	if err != nil {
		return nil, err
	}
	b := make([]byte, native.HeadRoom+len(result))
	copy(b[native.HeadRoom:], result)
	return b, nil
}

// Settle implements native.Action.
func (a *inProcess) Settle([]byte, bool) {}

// Overlaps implements native.Action.
func (a *inProcess) Overlaps() bool { return true }

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
	begun   chan error // what OnInit gives, while it is called
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
