//go:build linux

package http1

import (
	"sync/atomic"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// conn is a connection. All but the last part belongs to its owner: the loop, or the goroutine that reads the body of
// its request as it comes.
type conn struct {
	server *Server
	fd     int
	events uint32 // that the loop waits for

	small    []byte
	buf      []byte // small, or a larger one while a request needs it
	promised int    // how large buf may become, where the server counts it
	n        int    // bytes in buf
	full     bool   // the last reading took all it could, so there may be more
	reads    int    // since the last event

	request Request
	head    head
	headEnd int // where the header ends in buf, 0 before that is known
	scanned int // how far its end was looked for
	bodyEnd int // the body is buf[headEnd:bodyEnd]
	next    int // buf[next:] belongs to the next request
	chunks  chunks
	invited bool // 100 Continue was sent
	leaving bool // our end was sent, the client's is awaited
	left    bool // the client has ended its side before its answer

	turn atomic.Int32
	wake chan struct{} // tells the reader of a streamed body that there is more
	out  []byte        // the rest of an answer that the socket had no room for
	size int           // of the memory that it is in

	// Under server.mu:
	wait   awaited
	ticks  int
	cut    bool         // it waited too long
	owed   int          // how much memory an answer takes that was not taken yet
	unsent int          // how much of it the socket held at the last look
	looks  int          // in vain
	heard  clock.Moment // when its client was last heard, while it ends
}

// Whose turn it is with a connection, in conn.turn.
const (
	serving  = iota // Serve has not returned
	deferred        // Serve has returned, the answer comes later
	answered        // the answer came before Serve returned
	armed           // the client's
)

// mostReads is how often a connection is read before others have their turn.
const mostReads = 16

// Ready implements epoll.Handler.
func (c *conn) Ready(events uint32) {
	if c.turn.Load() != armed {
		c.meanwhile(events)
		return
	}
	c.reads = 0
	switch {
	case len(c.out) > 0:
		if c.flush() {
			c.proceed()
		}
	case c.leaving:
		c.farewell()
	case c.request.body != nil:
		c.waitFor(notWaiting)
		c.turn.Store(deferred)
		c.wake <- struct{}{}
	case c.refused():
	case c.fill(c.wait):
		c.advance()
	}
}

// fill reads once. It reports false when the connection was closed or has nothing to give, in which case it is armed
// again, waiting for w.
func (c *conn) fill(w awaited) bool {
	c.reads++
	room := c.room()
	n, err := sys.ReadNow(c.fd, room)
	if err == syscall.EAGAIN {
		c.full = false
		c.await(w, epoll.In)
		return false
	}
	if n <= 0 {
		c.server.close(c)
		return false
	}
	c.full = n == len(room)
	c.n += n
	return true
}

// advance serves the requests that are in the buffer, as long as they are answered at once, and then waits for the rest
// of the next one.
func (c *conn) advance() {
	for {
		done, err := c.parse()
		switch {
		case err != nil:
			c.refuse(err)
			return
		case !done:
			if c.refused() || !c.more() {
				return
			}
			continue
		}
		c.waitFor(notWaiting)
		h := c.server.Handler
		if c.request.body != nil {
			c.turn.Store(deferred)
			c.watch(epoll.Once)
			go h.ServeStream(&c.request, c.request.body)
			return
		}
		c.turn.Store(serving)
		h.Serve(&c.request)
		if c.turn.CompareAndSwap(serving, deferred) || !c.rest() {
			return
		}
	}
}

// more looks whether the rest of a request is there, and waits for it otherwise.
func (c *conn) more() bool {
	w := waitHead
	switch {
	case c.headEnd > 0:
		w = waitBody
		if !c.promise() {
			return false
		}
		if !c.invite() {
			c.server.close(c)
			return false
		}
	case c.n == 0:
		w = notWaiting
	}
	if c.full && c.reads < mostReads {
		return c.fill(w)
	}
	c.await(w, epoll.In)
	return false
}

// invite sends 100 Continue once to a client that waits for it before it sends any of the body. It reports false when
// the client cannot be reached.
func (c *conn) invite() bool {
	if !c.head.expect || c.invited || c.head.old || c.n > c.headEnd {
		return true
	}
	c.invited = true
	const goOn = "HTTP/1.1 100 Continue\r\n\r\n"
	n, err := sys.Write(c.fd, []byte(goOn))
	return n == len(goOn) || err == syscall.EAGAIN // a client does not wait for it for ever
}

// rest drops an answered request from the buffer. It reports false when the connection has ended, or has to send first.
func (c *conn) rest() bool {
	if len(c.out) > 0 {
		c.await(waitRoom, epoll.Out)
		return false
	}
	if c.request.close {
		c.leave()
		return false
	}
	c.keep(c.next)
	c.request.body = nil
	c.head, c.chunks = head{}, chunks{}
	c.headEnd, c.scanned, c.invited, c.left = 0, 0, false, false
	return true
}

// proceed goes on after an answer: with the next request, if it is here.
func (c *conn) proceed() {
	if c.rest() {
		if c.n == 0 {
			c.await(notWaiting, epoll.In)
			return
		}
		c.advance()
	}
}

// leave sends our end and waits for the client's: closing at once could destroy an answer that is still on its way (RFC
// 9112, section 9.6).
func (c *conn) leave() {
	syscall.Shutdown(c.fd, syscall.SHUT_WR)
	c.leaving = true
	c.giveBack()
	c.hears()
	c.farewell()
}

func (c *conn) farewell() {
	for range mostReads {
		n, err := sys.ReadNow(c.fd, c.small)
		if err == syscall.EAGAIN {
			break
		}
		if n <= 0 {
			c.server.close(c)
			return
		}
		c.hears()
	}
	c.await(waitFarewell, epoll.In)
}

// await gives the connection up until there is something to do.
func (c *conn) await(w awaited, events uint32) {
	c.waitFor(w)
	c.turn.Store(armed)
	c.watch(events)
}

// watch says which events are waited for. The usual one stays as it is from one request to the next, so that this is
// no system call in a run.
func (c *conn) watch(events uint32) {
	if events == c.events {
		return
	}
	c.events = events
	if c.server.Loop.Set(c.fd, events) != nil {
		c.server.close(c)
	}
}
