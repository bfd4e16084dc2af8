//go:build linux

package http1

import (
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// A Request is a request without an answer. It holds until Answer or Send, which the loop calls, or ServeStream does,
// and must not be used after them: the next request may be in its place by then.
type Request struct {
	Method string
	Path   string // without query, escapes decoded
	Body   []byte // of a buffered request

	// Left is called once when the client has left before its answer, as far as anybody can see: it has ended its side.
	Left func()
	// Taken is called when the client has taken some of an answer in chunks.
	Taken func()

	conn  *conn
	body  *Body
	close bool // the connection ends with the answer
}

// HeadRoom is how many bytes Send needs in front of a body.
const HeadRoom = 256

// Answer sends a status and a short body. It copies the body.
func (r *Request) Answer(status int, body []byte) {
	b := make([]byte, HeadRoom+len(body))
	copy(b[HeadRoom:], body)
	r.Send(status, b, HeadRoom)
}

// Send sends b[room:] as the body of the answer; room is at least HeadRoom, and the header is written into b before the
// body, so that both go out in one system call and nothing is copied. It reports whether b is free again; when the
// client is slow the server keeps b, and the caller must not use it.
func (r *Request) Send(status int, b []byte, room int) (free bool) {
	c := r.conn
	if r.body != nil {
		r.body.finish()
		r.prepare(status, b, room)
		c.server.Loop.Post(func() {
			c.push()
			c.proceed()
		})
		return false
	}
	r.prepare(status, b, room)
	free = c.push()
	if !c.turn.CompareAndSwap(serving, answered) {
		c.proceed()
	}
	return free
}

// AnswerLast is Answer for a program that ends before its loop runs. It sends as much as the socket takes.
func (r *Request) AnswerLast(status int, body []byte) {
	r.close = true
	r.prepare(status, append(make([]byte, HeadRoom), body...), HeadRoom)
	r.conn.push()
}

// prepare makes b[room:] the answer, with the header before it.
func (r *Request) prepare(status int, b []byte, room int) {
	var space [HeadRoom]byte
	head := r.appendHead(space[:0], status, len(b)-room)
	start := room - len(head)
	copy(b[start:], head)
	if r.Method == "HEAD" {
		b = b[:room]
	}
	r.conn.out, r.conn.size = b[start:], cap(b)
}

// appendHead appends the status line and header fields. Every answer has a length: OpenWhisk's invoker takes one
// without for an empty one (rule 2).
func (r *Request) appendHead(b []byte, status, length int) []byte {
	if status == 200 {
		b = append(b, "HTTP/1.1 200 OK\r\n"...)
	} else {
		b = append(b, "HTTP/1.1 "...)
		b = strconv.AppendInt(b, int64(status), 10)
		b = append(b, ' ')
		b = append(b, statusText(status)...)
		b = append(b, "\r\n"...)
	}
	b = append(b, "Content-Type: application/json\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(length), 10)
	if status == 405 {
		b = append(b, "\r\nAllow: POST"...)
	}
	if r.close {
		b = append(b, "\r\nConnection: close"...)
	} else if r.conn.head.old {
		b = append(b, "\r\nConnection: keep-alive"...)
	}
	return append(b, "\r\n\r\n"...)
}

// push sends what is left of an answer and reports whether all of it went. A client that has gone is noticed when it is
// next waited for.
func (c *conn) push() bool {
	for len(c.out) > 0 {
		n, err := sys.WriteNow(c.fd, c.out)
		if err == syscall.EAGAIN {
			c.owe(max(c.size, len(c.out)))
			return false
		}
		if err != nil {
			c.request.close = true
			break
		}
		c.out = c.out[n:]
	}
	c.out = nil
	c.owe(0)
	return true
}

// flush goes on with an answer when the socket has room again.
func (c *conn) flush() bool {
	if c.push() {
		return true
	}
	c.await(waitRoom, epoll.Out)
	return false
}

// refuse answers a request that cannot be served, and ends the connection: the bytes behind it may be anything.
func (c *conn) refuse(err error) {
	status := 400
	if r, ok := err.(*refusal); ok {
		status = r.status
	}
	c.request = Request{Method: c.head.method, conn: c, close: true}
	c.turn.Store(deferred)
	c.request.Answer(status, []byte(`{"error":`+strconv.Quote(err.Error())+`}`))
}

func statusText(status int) string {
	switch status {
	case 400:
		return "Bad Request"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 413:
		return "Content Too Large"
	case 414:
		return "URI Too Long"
	case 417:
		return "Expectation Failed"
	case 431:
		return "Request Header Fields Too Large"
	case 500:
		return "Internal Server Error"
	case 501:
		return "Not Implemented"
	case 502:
		return "Bad Gateway"
	case 503:
		return "Service Unavailable"
	case 505:
		return "HTTP Version Not Supported"
	}
	return "Error"
}
