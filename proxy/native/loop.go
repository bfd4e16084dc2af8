//go:build linux

package native

import (
	"bytes"
	"errors"
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// LoopOptions tell how a long-lived child speaks.
type LoopOptions struct {
	ResultFd  int // 1: results on its stdout; 3: on descriptor 3
	Greeting  Greeting
	Least     int            // version of the native protocol that it may speak
	Most      int            // the same; more than 1 is also for one that may acknowledge
	Overlap   bool           // runs of version 2 may
	Workers   int            // how many processes there may be (Pool); they speak version 1 or ActionLoop
	WholeLine bool           // it gets the whole request, not the value alone
	Timeout   clock.Duration // for the greeting; negative: none
}

// A Greeting is the first line of a child, before it takes requests.
type Greeting int

const (
	// NoGreeting: the child is taken for ready if it lives for 10 ms.
	NoGreeting Greeting = iota
	// Handshake is {"openwhisk":1}, of protocol v1, or {"openwhisk":2}.
	Handshake
	// Acknowledgement is {"ok":true}, of ActionLoop.
	Acknowledgement
)

// settleTime is how long a child without a greeting is watched (rule 14).
const settleTime = 10 * clock.Millisecond

// A Loop is a long-lived child that answers each line with a line (v1 and ActionLoop).
type Loop struct {
	mortal
	alone
	whole bool

	run     *Run   // that was given to the child
	request []byte // its line, without the end
	sent    int    // how much of that was written, and of the end

	turn   uint64 // of the loop, in which the child's output was last read
	chatty bool   // it has written more than a line for a run: it is given a moment to write the rest before the next
	spilt  int    // bytes of such output since the last run
	deaf   bool   // no more of it is read until the next run
	atOnce int    // small results that were there at once

	waiting bool // for room in the child's input
	shut    bool // the child has closed it
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

// StartLoop starts a child and waits for its greeting, which says how it is spoken with: as a Loop or as Lines. Errors
// are *StartError, or the kernel's when the exec failed.
func StartLoop(p Program, o LoopOptions, host *Host) (Action, error) {
	if o.Workers > 1 {
		return newPool(&p, &o, host)
	}
	return startLoop(&p, &o, host, host.Logs, host.Logs)
}

// startLoop is StartLoop for one child, with the logs that it has before and after its greeting.
func startLoop(p *Program, o *LoopOptions, host *Host, logs, after *Logs) (Action, error) {
	logs.keepTail()
	child, err := spawn(*p, o.ResultFd, sys.Pipe, host, logs)
	if err != nil {
		logs.lastLines()
		return nil, err
	}
	l := newLoop(child)
	l.whole = o.WholeLine
	said, failed := l.greet(o)
	if failed != nil {
		child.stop(Patience{})
		failed.LastLines = logs.lastLines()
		return nil, failed
	}
	logs.lastLines()
	child.relayAll() // the logs before its greeting
	child.logs = after
	var started Action = l
	if said.version == 2 {
		lines := newLines(l, said)
		started = lines
		host.Loop.Do(lines.begin)
	} else {
		l.in.clear(true)
		host.Loop.Do(func() {
			l.turn = host.Loop.Turn
			child.join(l)
		})
	}
	return started, nil
}

func newLoop(child *process) *Loop {
	l := &Loop{}
	l.child, l.in, l.runs = child, newLineBuffer(child.host), l
	return l
}

func (l *Loop) greet(o *LoopOptions) (said greeting, failed *StartError) {
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
		return said, nil
	case err == errTime:
		return said, &StartError{Reason: "it gave no " + o.Greeting.wanted() + " within " + timeout.String() + o.Greeting.advice()}
	case exited:
		return said, &StartError{Reason: exit.Reason + " before it was ready", Exited: true}
	case err != nil:
		return said, &StartError{Reason: "its first line is longer than " + strconv.Itoa(l.in.most) + " bytes (OW_MAX_BODY)"}
	case o.Greeting == NoGreeting: // early output is no result
		l.chatty = true
		l.in.clear(true)
		return said, nil
	}
	if said, failed = o.read(line[HeadRoom:]); said.version == 2 { // lines may be here already
		l.in.n = HeadRoom + copy(l.in.buf[HeadRoom:], l.in.buf[len(line)+1:l.in.n])
	}
	return said, failed
}

// clip shortens foreign text for a message.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

var errTime = errors.New("time is up")

// first waits for the child's first line. A zero until means for ever. It is not for the loop, in which the child is
// not yet.
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
			reason := c.quit()
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

// quit ends a child that has closed its pipes, if it has not ended by itself, and says how it ended. It is not for the
// loop.
func (c *process) quit() (reason string) {
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
