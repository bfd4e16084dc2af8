//go:build linux

package native

import (
	"bytes"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// Takes implements Action.
func (l *Loop) Takes() bool {
	return l.dead != "" || l.run == nil && l.request == nil && l.ending == nil
}

// Start implements Action.
func (l *Loop) Start(r *Run) {
	if l.dead != "" {
		r.Done(nil, &ExitError{Reason: l.dead, Before: true})
		return
	}
	l.run, l.request, l.sent = r, r.Value, 0
	if l.whole {
		l.request = r.Body
	}
	l.discard()
	l.child.logs.Begin(r)
	l.send()
}

// discard drops the child's output since its last answer, which belongs to no run. It does not wait for the end of a
// child that goes on writing.
func (l *Loop) discard() {
	c := l.child
	loop := c.host.Loop
	l.in.clear(true)
	known := loop.All && l.turn != loop.Turn && !l.deaf // in this turn the loop would have seen some, and had it dropped
	if l.chatty {
		sys.Poll([]sys.PollFd{{Fd: int32(c.result), Events: sys.PollIn}}, clock.Millisecond)
	} else if known {
		return
	}
	for left := sys.Unread(c.result); left > 0; {
		l.chatty = true
		piece, _ := l.in.read(c.result)
		if len(piece) == 0 {
			break
		}
		left -= len(piece)
		l.in.clear(true)
	}
	if l.spilt = 0; l.deaf {
		l.deaf = false
		loop.Set(c.result, epoll.In)
	}
}

// mostSpilt is how much output is read, in bytes, that belongs to no run, before the child has to wait for one.
const mostSpilt = 64 << 10

// spill drops output that came without a run.
func (l *Loop) spill() {
	if l.deaf {
		return
	}
	var b [4 << 10]byte
	c := l.child
	n, err := sys.ReadNow(c.result, b[:])
	l.chatty = l.chatty || n > 0
	if l.spilt += n; l.spilt > mostSpilt || n == 0 && err != syscall.EAGAIN {
		l.deaf = true // an end that the next run finds
		c.host.Loop.Set(c.result, epoll.Once)
	}
}

// send writes as much of the request and its line end as the pipe takes, and makes the loop wait for room for the rest,
// or until the child closes its input.
func (l *Loop) send() {
	for l.sent <= len(l.request) {
		n, err := sys.WriteLine(l.child.stdin, l.request[l.sent:])
		switch {
		case err == syscall.EAGAIN:
			l.awaitRoom(true)
			return
		case err != nil: // it closed its input: it has ended, or will answer no more
			l.died(true)
			return
		}
		l.sent += n
	}
	if l.awaitRoom(false); l.run == nil {
		l.request = nil
	}
}

// awaitRoom asks for events of the child's input, or for no more of them.
func (l *Loop) awaitRoom(wanted bool) {
	if wanted != l.waiting && !l.shut {
		l.waiting = wanted
		l.child.awaitRoom(wanted)
	}
}

// ignore passes over the child's input, which it has closed: that is told for ever.
func (l *Loop) ignore() {
	if !l.shut {
		l.shut = true
		l.child.host.Loop.Set(l.child.stdin, epoll.Once)
	}
}

// hears implements owner.
func (l *Loop) hears() {
	loop := l.child.host.Loop
	if l.turn = loop.Turn; l.run == nil {
		l.spill()
		return
	}
	c := l.child
	l.result(loop.All && c.logged != loop.Turn && !c.paused[Stdout] && !c.paused[Stderr])
}

// feeds implements owner.
func (l *Loop) feeds() {
	switch {
	case l.run == nil && l.request == nil: // the next one finds that its input is closed
		l.ignore()
	case l.sent <= len(l.request):
		l.send()
	case l.unheard(): // it closed its input with the request in it
		l.died(true)
	default: // it closed its input, and may still answer the run that it has read
		l.ignore()
	}
}

// ends implements owner.
func (l *Loop) ends() {
	for l.run != nil && sys.Unread(l.child.result) > 0 {
		if l.result(false) {
			break
		}
	}
	if l.ending == nil {
		l.died(l.run != nil && l.unheard())
	}
}

// tidyRuns is the number of results in one piece after which a child counts as one that always writes them so.
const tidyRuns = 8

// result reads once of the result, and reports whether the run is over, or soon will be. quiet tells that no logs were
// there when the first byte of it was.
func (l *Loop) result(quiet bool) (over bool) {
	begun := l.in.n > HeadRoom
	line, ended, err := l.read()
	switch {
	case err != nil:
		l.tooLong(err)
		return true
	case ended:
		l.child.host.Loop.Close(&l.child.result)
		l.died(l.unheard())
		return true
	case line == nil:
		return false
	case l.unheard(): // the child has read none of the request, so that this is no answer to it
		l.in.clear(true)
		l.chatty = true
		return false
	}
	// A line that is written at once was there when the logs were looked at. Others have logs between their pieces,
	// which may be here by now.
	if small := len(line)-HeadRoom < pipeBuf; !small || begun {
		if small {
			l.atOnce = -1 << 30
		}
		quiet = false
	} else {
		l.atOnce++
	}
	if !quiet || l.atOnce < tidyRuns {
		l.child.relayAll()
	}
	l.over(line, nil)
	return true
}

// pipeBuf is how much a write to a pipe writes at once (PIPE_BUF of POSIX, on Linux).
const pipeBuf = 4096

// over ends the run. A child that has answered before it has read all of its line gets the rest of that, before
// anything else.
func (l *Loop) over(line []byte, err error) {
	r := l.run
	if l.run = nil; l.sent <= len(l.request) && l.ending == nil {
		l.request, l.sent = bytes.Clone(l.request[l.sent:]), 0
	} else {
		l.request = nil
	}
	r.Done(line, err)
}

// unheard reports whether the child has read none of the request.
//
//go:noinline
func (l *Loop) unheard() bool { return sys.Unread(l.child.stdin) >= l.sent }

// Settle implements Action.
func (l *Loop) Settle(b []byte, free bool) {
	if l.ending == nil {
		l.in.clear(free)
	}
}

// fail implements failing.
func (l *Loop) fail(err error) {
	if l.run != nil {
		l.over(nil, err)
	}
}
