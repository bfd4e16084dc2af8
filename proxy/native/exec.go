//go:build linux

package native

import (
	"bytes"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

// A Replacement is an uploaded program that takes this process's place: it links
// the library openwhisk and serves requests itself. As an Action it is never
// run.
type Replacement struct{ Program Program }

// probeLimit is how long a program may take to say that it starts.
const probeLimit = 2 * clock.Second

// probeVariable makes a program that links the library say so and leave, before
// the initialisers of its package main.
const probeVariable = "__OW_PROBE"

// NewReplacement makes sure, as far as that can be known before an exec, that a
// program can take over: it is started once, and has to report. Errors are
// *StartError, or the kernel's.
func NewReplacement(p Program, host *Host) (*Replacement, error) {
	probe := p
	probe.Env = SetEnv(append([]string(nil), p.Env...), probeVariable, "1")
	output, err := capture(probe, host, probeLimit)
	switch {
	case err == nil && bytes.HasPrefix(output, []byte("openwhisk")):
		return &Replacement{Program: p}, nil
	case err == nil:
		return nil, &StartError{Reason: "it ended before the library openwhisk could report", LastLines: oneLine(output)}
	}
	return nil, &StartError{Reason: "it did not start: " + err.Error(), LastLines: oneLine(output), Exited: true}
}

// Exec ends this program and starts the replacement in its place, with further
// variables. It returns only when that fails.
func (r *Replacement) Exec(variables ...[2]string) error {
	env := append([]string(nil), r.Program.Env...)
	for _, v := range variables {
		env = SetEnv(env, v[0], v[1])
	}
	if err := syscall.Chdir(r.Program.Dir); err != nil {
		return err
	}
	return syscall.Exec(r.Program.Path, append([]string{r.Program.Path}, r.Program.Args...), env)
}

// Run implements Action.
func (r *Replacement) Run(Activation, func()) ([]byte, error) { return nil, &ExitError{} }

// Settle implements Action.
func (r *Replacement) Settle([]byte, bool) {}

// Overlaps implements Action.
func (r *Replacement) Overlaps() bool { return false }

// Signal implements Action.
func (r *Replacement) Signal(syscall.Signal) {}

// Stop implements Action.
func (r *Replacement) Stop(Patience) {}
