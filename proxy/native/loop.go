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

// A Loop is a long-lived child that answers each line with a line (v1 and ActionLoop).
type Loop struct {
	child *process
	whole bool
	in    lineBuffer

	run     *Run   // that was given to the child
	request []byte // its line, without the end
	sent    int    // how much of that was written, and of the end

	turn   uint64 // of the loop, when the child's output was last known to be empty
	chatty bool   // it has written more than a line for a run: it is given a moment to write the rest before the next
	spilt  int    // bytes of such output since the last run
	deaf   bool   // no more of it is read until the next run
	atOnce int    // small results that were there at once

	waiting bool // for room in the child's input
	shut    bool // the child has closed it

	dead   string        // how the child ended, once that is known
	ending chan struct{} // closed then; nil before its end has begun
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
		child.stop(Patience{})
		err.LastLines = logs.lastLines()
		return nil, err
	}
	logs.lastLines()
	child.relayAll() // what it logged before its greeting
	host.Loop.Do(func() {
		l.turn = host.Loop.Turn
		child.join(l)
	})
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
	line, err := l.first(until)
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

var errTime = errors.New("time is up")

// first waits for the child's first line. A zero until means for ever. It is not for the loop, in which the child is not
// yet.
func (l *Loop) first(until clock.Moment) ([]byte, error) {
	c := l.child
	p := c.polls()
	limit := clock.Duration(-1)
	for {
		if until != 0 {
			limit = until.Left()
		}
		if !p.wait(limit) {
			return nil, errTime
		}
		if p.ready(onResult) {
			switch line, end, err := l.read(); {
			case err != nil:
				return nil, err
			case line != nil:
				return line, nil
			case end:
				sys.Close(&c.result)
				p[onResult].Fd = -1
			}
		}
		c.relay(&p)
		if p.ready(onExit) && !p.ready(onResult) || c.result < 0 {
			reason := c.end()
			return nil, &ExitError{Reason: reason}
		}
	}
}

// read reads once from the result pipe and gives the line if it is complete, or tells that the pipe has ended.
func (l *Loop) read() (line []byte, ended bool, err error) {
	piece, open := l.in.read(l.child.result)
	if len(piece) == 0 {
		return nil, !open, nil
	}
	i := bytes.IndexByte(piece, '\n')
	end := l.in.n
	if i >= 0 {
		end += i - len(piece)
	}
	switch {
	case l.in.isFull(end):
		return nil, false, &LengthError{Most: l.child.host.MaxLine}
	case i < 0:
		return nil, false, nil
	case end+1 < l.in.n:
		l.chatty = true
	}
	return l.in.buf[:end], false, nil
}

// leaveTime is how long a child that has closed its pipes may take to end. One that ends closes them first, and may not
// get a processor at once to go on.
const leaveTime = clock.Second

// end ends a child that has closed its pipes, if it has not ended by itself, and says how it ended. It is not for the
// loop.
func (c *process) end() (reason string) {
	if !c.leaves(leaveTime) {
		reason = "it closed its input or output"
		c.signal(syscall.SIGKILL)
		c.leaves(-1)
	}
	c.stop(Patience{})
	if reason == "" {
		reason = c.reason()
	}
	return reason
}
