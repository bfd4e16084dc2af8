//go:build linux

package http1

import (
	"bytes"
	"sync/atomic"
	"syscall"
)

const (
	smallBuffer = 4 << 10 // kept by every connection
	spareBuffer = 2 << 20 // larger ones are not kept for later
	spareCount  = 4
)

// conn is a connection. All but wait and ticks belongs to its owner: the thread
// that got its event, or whoever answers its request.
type conn struct {
	server *Server
	fd     int

	small []byte
	buf   []byte // small, or a larger one while a request needs it
	n     int    // bytes in buf
	full  bool   // the last reading filled buf, so there may be more

	request Request
	head    head
	headEnd int // where the header ends in buf, 0 before that is known
	scanned int // how far its end was looked for
	bodyEnd int // the body is buf[headEnd:bodyEnd]
	next    int // what follows buf[:next] is the next request's
	chunks  chunks
	invited bool // 100 Continue was sent
	leaving bool // our end was sent, the client's is awaited

	turn atomic.Int32
	out  []byte // the rest of an answer that the socket had no room for

	wait  waitFor // under server.mu
	ticks int     // under server.mu
}

// Whose turn it is with a request, in conn.turn.
const (
	serving  = iota // Serve has not returned
	deferred        // Serve has returned, the answer comes later
	answered        // the answer came before Serve returned
)

// ready is called by the thread that got the connection's event.
func (c *conn) ready() {
	switch {
	case len(c.out) > 0:
		if c.flush() {
			c.proceed()
		}
	case c.leaving:
		c.farewell()
	case c.fill(c.wait):
		c.advance()
	}
}

// fill reads once. It reports false when the connection was closed or has
// nothing to give, in which case it is armed again, waiting for w.
func (c *conn) fill(w waitFor) bool {
	if c.n == len(c.buf) {
		c.grow(2 * c.n)
	}
	n, err := read(c.fd, c.buf[c.n:])
	if again(err) {
		c.full = false
		c.await(w, syscall.EPOLLIN)
		return false
	}
	if n <= 0 {
		c.server.close(c)
		return false
	}
	c.full = n == len(c.buf)-c.n
	c.n += n
	return true
}

// advance serves the requests that are in the buffer, as long as they are
// answered at once, and then waits for what is missing of the next.
func (c *conn) advance() {
	for {
		done, err := c.parse()
		switch {
		case err != nil:
			c.refuse(err)
			return
		case !done:
			c.more()
			return
		}
		c.waitFor(notWaiting)
		h := c.server.Handler
		if c.request.body != nil {
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

// more waits for the rest of a request, after a look whether it is there.
func (c *conn) more() {
	w := waitHead
	switch {
	case c.headEnd > 0:
		w = waitBody
		if !c.invite() {
			c.server.close(c)
			return
		}
	case c.n == 0:
		w = notWaiting
	}
	if c.full && c.n > 0 {
		if c.fill(w) {
			c.advance()
		}
		return
	}
	c.await(w, syscall.EPOLLIN)
}

// parse looks whether the buffer holds a whole request, or the whole header of
// one that is streamed.
func (c *conn) parse() (done bool, err error) {
	if c.headEnd == 0 {
		if done, err = c.parseHead(); !done || err != nil {
			return false, err
		}
	}
	switch max := c.server.MaxBody; {
	case c.request.body != nil:
		return true, nil
	case c.head.length > max:
		return false, &refusal{413, "the body is larger than this server takes"}
	case c.head.length >= 0:
		end := c.headEnd + int(c.head.length)
		c.grow(end + 1)
		if c.n < end {
			return false, nil
		}
		c.bodyEnd, c.next = end, end
	default:
		read, written, err := c.chunks.decode(c.buf[c.bodyEnd:], c.buf[c.next:c.n])
		c.next += read
		c.bodyEnd += written
		if err != nil {
			return false, err
		}
		if int64(c.bodyEnd-c.headEnd) > max {
			return false, &refusal{413, "the body is larger than this server takes"}
		}
		if c.chunks.state != chunksDone {
			c.n, c.next = c.bodyEnd, c.bodyEnd // every byte was read, its room can be used again
			return false, nil
		}
	}
	c.request.Body = c.buf[c.headEnd:c.bodyEnd]
	return true, nil
}

// parseHead reports whether the whole header is there and noted.
func (c *conn) parseHead() (done bool, err error) {
	start := 0 // empty lines before a request are read over (RFC 9112, section 2.2)
	for c.n-start >= 2 && c.buf[start] == '\r' && c.buf[start+1] == '\n' {
		start += 2
	}
	if start > 0 {
		c.n = copy(c.buf, c.buf[start:c.n])
		c.scanned = 0
	}
	i := bytes.Index(c.buf[c.scanned:c.n], []byte("\r\n\r\n"))
	if i < 0 {
		c.scanned = max(0, c.n-3)
		if c.n > maxHead {
			return false, &refusal{431, "the header is larger than 32 KiB"}
		}
		return false, nil
	}
	end := c.scanned + i + 4
	if end > maxHead {
		return false, &refusal{431, "the header is larger than 32 KiB"}
	}
	if c.head, err = parseHead(c.buf[:end]); err != nil {
		return false, err
	}
	c.headEnd, c.bodyEnd, c.next = end, end, end
	c.request = Request{Method: c.head.method, Path: c.head.path, conn: c, close: c.head.close}
	if c.server.Handler.Streams(c.head.method, c.head.path) {
		c.request.body = &Body{conn: c, left: c.head.length}
	}
	return true, nil
}

// invite sends 100 Continue once to a client that waits for it before it sends
// any of the body. It reports false when the client cannot be reached.
func (c *conn) invite() bool {
	if !c.head.expect || c.invited || c.head.old || c.n > c.headEnd {
		return true
	}
	c.invited = true
	const goOn = "HTTP/1.1 100 Continue\r\n\r\n"
	n, err := write(c.fd, []byte(goOn))
	return err == nil && n == len(goOn)
}

// rest drops an answered request from the buffer. It reports false when the
// connection has ended, or has to send first.
func (c *conn) rest() bool {
	if len(c.out) > 0 {
		c.await(waitRoom, syscall.EPOLLOUT)
		return false
	}
	if c.request.close {
		c.leave()
		return false
	}
	left := c.buf[c.next:c.n]
	if len(left) <= len(c.small) && &c.buf[0] != &c.small[0] {
		c.n = copy(c.small, left)
		c.giveBack()
	} else if c.n = len(left); c.n > 0 {
		copy(c.buf, left)
	}
	c.headEnd, c.scanned, c.chunks, c.invited = 0, 0, chunks{}, false
	return true
}

// proceed goes on after an answer: with the next request, if it is here.
func (c *conn) proceed() {
	if c.rest() {
		if c.n == 0 {
			c.await(notWaiting, syscall.EPOLLIN)
			return
		}
		c.advance()
	}
}

// leave sends our end and waits for the client's: closing at once could destroy
// an answer that is still on its way (RFC 9112, section 9.6).
func (c *conn) leave() {
	syscall.Shutdown(c.fd, syscall.SHUT_WR)
	c.leaving = true
	c.giveBack()
	c.farewell()
}

func (c *conn) farewell() {
	for range 64 {
		n, err := read(c.fd, c.small)
		if again(err) {
			break
		}
		if n <= 0 {
			c.server.close(c)
			return
		}
	}
	c.await(waitFarewell, syscall.EPOLLIN)
}

// await gives the connection up until there is something to do.
func (c *conn) await(w waitFor, events uint32) {
	c.waitFor(w)
	if err := c.server.arm(c.fd, events, syscall.EPOLL_CTL_MOD); err != nil {
		c.server.close(c)
	}
}
