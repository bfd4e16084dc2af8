//go:build linux

package http1

import (
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// TakesChunks reports whether the client asks for a stream, and can take it.
func (r *Request) TakesChunks() bool { return r.conn.head.chunks && !r.conn.head.old }

// HasLeft reports whether the client has ended its side, as far as it was heard of.
func (r *Request) HasLeft() bool { return r.conn.left }

// Drop ends the connection of a request without an answer.
func (r *Request) Drop() { r.conn.server.close(r.conn) }

// Begin begins an answer in chunks, with these headers, each with its CR LF. The loop calls it, Add and End.
func (r *Request) Begin(status int, fields []byte) {
	b := append(strconv.AppendInt([]byte("HTTP/1.1 "), int64(status), 10), ' ')
	if status < 400 {
		b = append(b, "OK"...)
	} else {
		b = append(b, statusText(status)...)
	}
	b = append(append(b, "\r\n"...), fields...)
	b = append(b, "Transfer-Encoding: chunked\r\n"...)
	if r.close {
		b = append(b, "Connection: close\r\n"...)
	}
	r.Add(append(b, "\r\n"...))
}

// Add sends a part of an answer in chunks, as it stands. It copies the bytes that the client does not take at once.
func (r *Request) Add(b []byte) {
	c := r.conn
	if len(c.out) > 0 {
		c.out = append(c.out, b...)
		return
	}
	c.out = b
	c.pass()
	if len(c.out) > 0 {
		c.out = append(make([]byte, 0, max(smallBuffer, 2*len(c.out))), c.out...)
		c.attend()
	}
}

// Kept returns how many bytes of an answer in chunks are kept, for the socket has no room for them.
func (r *Request) Kept() int { return len(r.conn.out) }

// Untaken returns how many bytes of an answer in chunks the client has not taken, those on their way included.
func (r *Request) Untaken() int { return len(r.conn.out) + sys.Unsent(r.conn.fd) }

// End sends the last part of an answer in chunks.
func (r *Request) End(b []byte) {
	c := r.conn
	c.out = append(c.out, b...)
	c.size = cap(c.out)
	c.push()
	c.proceed()
}

// pass sends as much of a part as the socket takes.
func (c *conn) pass() {
	n, err := sys.WriteNow(c.fd, c.out)
	if err == syscall.EAGAIN {
		return
	}
	if err != nil { // that the client has gone is an event of its own
		c.request.close = true
		n = len(c.out)
	}
	if c.out = c.out[n:]; len(c.out) == 0 {
		c.out = nil
	}
}

// meanwhile sees to the events of a connection whose request is being served: its client sends more than its answer is
// waited for, takes some of its answer, or leaves.
func (c *conn) meanwhile(events uint32) {
	r := &c.request
	if r.body != nil {
		c.watch(epoll.Once)
		return
	}
	lost := events&epoll.Lost != 0 && !c.left
	c.left = c.left || lost
	taken := len(c.out) > 0
	if taken {
		c.pass()
	}
	c.attend()
	if taken && r.Taken != nil {
		r.Taken()
	}
	if lost && r.Left != nil {
		r.Left()
	}
}

// attend waits for the events that may come from a client while its request is served.
func (c *conn) attend() {
	events := uint32(0)
	if len(c.out) > 0 {
		events = epoll.Out
	}
	if !c.left {
		events |= epoll.Left
	}
	if events == 0 {
		events = epoll.Once
	}
	c.watch(events)
}
