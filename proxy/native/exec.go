//go:build linux

package native

import (
	"strconv"
	"strings"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
)

// A Replacement is an uploaded program that takes this process's place: it links the library openwhisk and serves
// requests itself. As an Action it is never run.
type Replacement struct {
	alone
	Program Program
	// Until is when the program has to be ready, 0 for no limit.
	Until clock.Moment
}

// HandoverVariable tells a program that links the library openwhisk that it replaces the proxy, or rehearses that. It
// is HandoverDigits digits, the number of a descriptor: that of http1.Server.Handover, or a socket for the report of
// a rehearsal. The value that init's env has for the variable, if any, follows after a "=", for the program to put
// back.
const HandoverVariable = "__OW_HANDOVER"

// HandoverDigits makes each value of HandoverVariable as long as any other: or an environment might fit in a rehearsal,
// and not in the start.
const HandoverDigits = 5

// A rehearsal reports a line: Ready, or NotReady and the reason.
const (
	Ready    = "+"
	NotReady = "-"
)

// rehearsalPatience is how long a program that has rehearsed may take to end.
const rehearsalPatience = clock.Second

// NewReplacement has a program rehearse its start in a process of its own, until it would serve. After an exec there is
// no way back, and when a process 1 ends the kernel kills all others of the container, which might still say why. So
// the program does everything twice that comes before its first run. Its log is dropped when all goes well, for the
// second start logs it again. A limit below zero means none. Errors are *StartError, or the kernel's.
func NewReplacement(p Program, limit clock.Duration, host *Host) (*Replacement, error) {
	r := &Replacement{Program: p}
	if limit >= 0 {
		r.Until = max(1, clock.In(limit))
	}
	logs := heldLogs()
	child, err := r.rehearse(host, logs)
	if err != nil {
		return nil, err
	}
	l := newLoop(child)
	if err := l.rehearsed(r.Until, limit); err != nil {
		child.stop(Patience{})
		err.LastLines = logs.held.release(host.Logs)
		return nil, err
	}
	child.stop(Patience{AfterEOF: rehearsalPatience})
	return r, nil
}

// rehearse starts a rehearsal. Descriptor 3 is a socket, as in no other action, so that a program knows it for one
// whatever its environment says.
func (r *Replacement) rehearse(host *Host, logs *Logs) (*process, error) {
	p := r.Program
	p.Env = r.environment(3)
	child, err := spawn(p, 3, func() (ours, theirs int, err error) {
		pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
		return pair[0], pair[1], err
	}, host, logs)
	if err != nil {
		return nil, err
	}
	sys.Close(&child.stdin) // it reads an end of file, as the proxy's own input usually is
	return child, nil
}

// rehearsed waits for the report of a rehearsal: Ready, or the reason why it is not.
func (l *Loop) rehearsed(until clock.Moment, limit clock.Duration) *StartError {
	line, err := l.first(until)
	exit, exited := err.(*ExitError)
	switch {
	case err == errTime:
		return &StartError{Reason: "it was not ready within " + limit.String() + ": it did not call openwhisk.Start, or its OnInit did not return"}
	case exited:
		return &StartError{Reason: exit.Reason + " before it was ready", Exited: true}
	case err != nil:
		return &StartError{Reason: err.Error()}
	case string(line[HeadRoom:]) != Ready:
		return &StartError{Reason: strings.TrimPrefix(string(line[HeadRoom:]), NotReady)}
	}
	return nil
}

// environment returns the program's environment, with the descriptor that it finds something in.
func (r *Replacement) environment(descriptor int) []string {
	value := strconv.Itoa(100000 + descriptor)[1:]
	for _, v := range r.Program.Env {
		if given, ok := strings.CutPrefix(v, HandoverVariable+"="); ok {
			value += "=" + given
			break
		}
	}
	return variable.With(r.Program.Env, [][2]string{{HandoverVariable, value}})
}

// Exec ends this program and starts the replacement in its place, which finds the handover in a descriptor. It returns
// only when that fails.
func (r *Replacement) Exec(descriptor int) error {
	if err := syscall.Chdir(r.Program.Dir); err != nil {
		return err
	}
	return syscall.Exec(r.Program.Path, append([]string{r.Program.Path}, r.Program.Args...), r.environment(descriptor))
}

// Takes implements Action.
func (r *Replacement) Takes() bool { return false }

// Start implements Action.
func (r *Replacement) Start(run *Run) { run.Done(nil, &ExitError{}) }

// Settle implements Action.
func (r *Replacement) Settle([]byte, bool) {}

// Signal implements Action.
func (r *Replacement) Signal(syscall.Signal) {}

// Stop implements Action.
func (r *Replacement) Stop(Patience) {}
