//go:build linux

package native

import (
	"bytes"
	"errors"
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// LoopOptions tell how a long-lived child speaks.
type LoopOptions struct {
	ResultFd  int // 1: results on its stdout; 3: on descriptor 3
	Greeting  Greeting
	WholeLine bool           // it gets the whole request, not the value alone
	Timeout   clock.Duration // for the greeting; negative: none
}

// A Greeting is what a child says before it takes requests.
type Greeting int

const (
	// NoGreeting: the child is taken for ready if it lives for 10 ms.
	NoGreeting Greeting = iota
	// Handshake is {"openwhisk":1}, of protocol v1.
	Handshake
	// Acknowledgement is {"ok":true}, of ActionLoop.
	Acknowledgement
)

// settleTime is how long a child without a greeting is watched (rule 14).
const settleTime = 10 * clock.Millisecond

// A Loop is a long-lived child that answers each line with a line (v1 and ActionLoop). Its methods are for one
// goroutine at a time, Signal excepted.
type Loop struct {
	child *process
	whole bool
	in    lineBuffer
	dead  string // how the child ended, once that is known
	// chatty is set when a child has written more than a line for a run: it is then given a moment to write the rest
	// before the next run.
	chatty bool
}

// A StartError says why a child was not accepted.
type StartError struct {
	Reason    string
	LastLines string // of its log, on one line
	Exited    bool   // it ended before its greeting
}

func (e *StartError) Error() string {
	if e.LastLines == "" {
		return e.Reason
	}
	return e.Reason + "; last log lines: " + e.LastLines
}

// StartLoop starts a child and waits for its greeting. Errors are *StartError, or the kernel's when the exec failed.
func StartLoop(p Program, o LoopOptions, host *Host) (*Loop, error) {
	logs := host.Logs
	logs.keepTail()
	child, err := start(p, o.ResultFd, host)
	if err != nil {
		logs.lastLines()
		return nil, err
	}
	l := &Loop{child: child, whole: o.WholeLine, in: newLineBuffer(host)}
	if err := l.greet(o); err != nil {
		l.Stop(Patience{})
		err.LastLines = logs.lastLines()
		return nil, err
	}
	logs.lastLines()
	child.relayAll() // what it logged before its greeting
	return l, nil
}

func (l *Loop) greet(o LoopOptions) *StartError {
	timeout := o.Timeout
	if o.Greeting == NoGreeting {
		timeout = settleTime
	}
	var until clock.Moment
	if timeout >= 0 {
		until = clock.In(timeout)
	}
	line, err := l.line(nil, until, nil)
	exit, exited := err.(*ExitError)
	switch {
	case o.Greeting == NoGreeting && err == errTime:
		return nil
	case err == errTime:
		return &StartError{Reason: "it gave no " + o.Greeting.wanted() + " within " + timeout.String() + o.Greeting.advice()}
	case exited:
		return &StartError{Reason: exit.Reason + " before it was ready", Exited: true}
	case err != nil:
		return &StartError{Reason: "its first line is longer than " + strconv.Itoa(l.in.most) + " bytes (OW_MAX_BODY)"}
	case o.Greeting == NoGreeting: // early output is no result
		l.chatty = true
		l.in.clear(true)
		return nil
	}
	l.in.clear(true)
	return o.Greeting.check(line[HeadRoom:])
}

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

// check reads the first line that a child wrote.
func (g Greeting) check(line []byte) *StartError {
	name, want := "openwhisk", "1"
	if g == Acknowledgement {
		name, want = "ok", "true"
	}
	var got string
	members := jsonscan.Object(line)
	for members.Next() {
		if string(members.Key) == name {
			got = string(members.Value)
		}
	}
	switch {
	case members.Err() == nil && got == want:
		return nil
	case members.Err() == nil && got != "" && g == Handshake:
		return &StartError{Reason: "it speaks version " + clip(got) + " of the native protocol; this proxy speaks version 1"}
	case members.Err() == nil && got == "false":
		return &StartError{Reason: "The action did not initialize properly."}
	}
	return &StartError{Reason: "its first line is not the " + g.wanted() + " but " + strconv.Quote(clip(string(jsonscan.Trim(line)))) + g.advice()}
}

// clip shortens what is shown of foreign text.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// Run implements Action.
func (l *Loop) Run(a Activation, slow func()) ([]byte, error) {
	if l.dead != "" {
		return nil, &ExitError{Reason: l.dead, Before: true}
	}
	line := a.Value
	if l.whole {
		line = a.Body
	}
	l.discard()
	answer, err := l.line(line, 0, slow)
	if err == nil {
		l.child.relayAll()
	}
	return answer, err
}

// discard drops what the child wrote since its last answer: it is nobody's. A child that goes on writing has no end,
// and is not waited for.
func (l *Loop) discard() {
	if l.chatty {
		sys.Poll([]sys.PollFd{{Fd: int32(l.child.result), Events: sys.PollIn}}, clock.Millisecond)
	}
	l.in.clear(true)
	for left := sys.Unread(l.child.result); left > 0; {
		l.chatty = true
		n := len(l.in.read(l.child.result))
		if n == 0 {
			break
		}
		left -= n
		l.in.clear(true)
	}
}

var errTime = errors.New("time is up")

// line writes request, if any, as a line, and waits for a line of the child, with the head room in front. A zero until means for
// ever. slow is called as Run says.
func (l *Loop) line(request []byte, until clock.Moment, slow func()) ([]byte, error) {
	c := l.child
	p := c.polls()
	sent, err := l.send(request, 0, &p)
	if err != nil {
		return nil, err
	}
	limit := clock.Duration(-1)
	for {
		if until != 0 {
			limit = until.Left()
		}
		if slow != nil {
			if !p.wait(slowAfter) {
				slow()
				slow = nil
				continue
			}
		} else if !p.wait(limit) {
			return nil, errTime
		}
		if p.ready(onResult) {
			line, err := l.read(&p)
			if err != nil {
				return nil, err
			}
			if line != nil && !l.stray(request, sent) {
				return line, nil
			}
		}
		c.relay(&p)
		switch {
		case p[onStdin].Revents == 0:
		case len(request) > 0 && sent <= len(request):
			if sent, err = l.send(request, sent, &p); err != nil {
				return nil, err
			}
		case len(request) > 0 && l.unheard(sent): // it closed its input with the request in it
			return nil, l.died(true)
		default: // it closed its input, and may still answer what it has read
			p[onStdin].Fd = -1
		}
		if p.ready(onExit) && !p.ready(onResult) || c.result < 0 {
			return nil, l.died(len(request) > 0 && l.unheard(sent))
		}
	}
}

// send writes as much of a request and its line end as the pipe takes, and has p wait for room for the rest, or for the
// child to close its input. sent is how many bytes were written before, and are afterwards.
func (l *Loop) send(request []byte, sent int, p *polls) (int, error) {
	for len(request) > 0 && sent <= len(request) {
		n, err := sys.WriteLine(l.child.stdin, request[sent:])
		switch {
		case err == syscall.EAGAIN:
			p[onStdin] = sys.PollFd{Fd: int32(l.child.stdin), Events: sys.PollOut}
			return sent, nil
		case err != nil: // it closed its input: it has ended, or will answer no more
			return sent, l.died(true)
		default:
			sent += n
		}
	}
	p[onStdin] = sys.PollFd{Fd: int32(l.child.stdin)}
	return sent, nil
}

// read reads once from the result pipe and gives the line if it is complete.
func (l *Loop) read(p *polls) ([]byte, error) {
	piece := l.in.read(l.child.result)
	if len(piece) == 0 {
		sys.Close(&l.child.result)
		p[onResult].Fd = -1
		return nil, nil
	}
	i := bytes.IndexByte(piece, '\n')
	end := l.in.n
	if i >= 0 {
		end += i - len(piece)
	}
	switch {
	case l.in.isFull(end):
		return nil, l.tooLong()
	case i < 0:
		return nil, nil
	case end+1 < l.in.n:
		l.chatty = true
	}
	return l.in.buf[:end], nil
}

// tooLong ends a child whose line is longer than it may be.
func (l *Loop) tooLong() error {
	l.child.signal(syscall.SIGKILL)
	l.child.stop(Patience{})
	l.in.drop()
	err := &LengthError{Most: l.child.host.MaxLine}
	l.dead = err.reason()
	return err
}

// stray reports whether a line cannot be the answer to request, because the child has not read any of it yet, and drops
// it if so.
func (l *Loop) stray(request []byte, sent int) bool {
	if len(request) == 0 || !l.unheard(sent) {
		return false
	}
	l.in.clear(true)
	l.chatty = true
	return true
}

// unheard reports whether the child has read nothing of a request of which so many bytes were sent.
//
//go:noinline
func (l *Loop) unheard(sent int) bool {
	return sys.Unread(l.child.stdin) >= sent
}

// leaveTime is how long a child that has closed its pipes may take to end. One that ends closes them first, and may not
// get a processor at once to go on.
const leaveTime = clock.Second

// died finds out how the child ended, gives it its end if it only closed its pipes, and keeps the reason. before tells
// that it had ended before this run.
func (l *Loop) died(before bool) error {
	reason := ""
	if !l.child.leaves(leaveTime) {
		reason = "it closed its input or output"
		l.child.signal(syscall.SIGKILL)
		l.child.leaves(-1)
	}
	l.child.stop(Patience{})
	if reason == "" {
		reason = l.child.reason()
	}
	l.dead = reason
	l.in.clear(false)
	return &ExitError{Reason: reason, Before: before}
}

// Settle implements Action.
func (l *Loop) Settle(b []byte, free bool) {
	if l.dead != "" {
		return
	}
	l.in.clear(free)
}

// Overlaps implements Action.
func (l *Loop) Overlaps() bool { return false }

// Signal implements Action.
func (l *Loop) Signal(s syscall.Signal) { l.child.pass(s) }

// Stop implements Action.
//
//go:noinline
func (l *Loop) Stop(p Patience) {
	if l.dead == "" {
		l.dead = "it was stopped"
		l.child.stop(p)
	}
}
