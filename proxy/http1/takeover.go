//go:build linux

package http1

import (
	"bytes"
	"errors"
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

var errHandover = errors.New("what was handed over cannot be read")

// Note returns the note that Handover was given, and reports whether file is of Handover.
func Note(file int) (note []byte, ok bool) {
	b, err := contents(file)
	_, note, _, ok = cutNote(b)
	return note, ok && err == nil
}

// cutNote reads the start of the file of a handover.
func cutNote(b []byte) (listener int, note, rest []byte, ok bool) {
	if b, ok = bytes.CutPrefix(b, []byte(handoverHead)); !ok {
		return 0, nil, nil, false
	}
	line, rest, _ := bytes.Cut(b, []byte("\n"))
	first, second, _ := bytes.Cut(line, []byte(" "))
	listener, err := strconv.Atoi(string(first))
	n, noteErr := strconv.Atoi(string(second))
	if err != nil || noteErr != nil || n < 0 || n > len(rest) {
		return 0, nil, nil, false
	}
	return listener, rest[:n], rest[n:], true
}

// TakeOver opens the server on the file that Handover returned, and returns the request that is to be answered. It
// stands for Listen.
func (s *Server) TakeOver(file int) (*Request, error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	b, err := contents(file)
	syscall.Close(file)
	listener, _, rest, ok := cutNote(b)
	if err != nil || !ok {
		return nil, errHandover
	}
	s.listener = listener
	syscall.CloseOnExec(s.listener)
	var request *Request
	for len(rest) > 0 {
		var c *conn
		var pending bool
		if c, pending, rest, err = s.resume(rest); err != nil {
			return nil, err
		}
		if pending {
			request = &c.request
			continue
		}
		s.resumed = append(s.resumed, c)
	}
	if request == nil {
		return nil, errHandover
	}
	return request, s.Loop.Add(s.listener, epoll.In, (*acceptor)(s))
}

// AnswerHandover answers the request that waits in the file that Handover returned, where there will be no server to do
// it.
func AnswerHandover(file int, status int, answer []byte) {
	if loop, err := epoll.New(); err == nil {
		s := &Server{Loop: loop}
		if r, err := s.TakeOver(file); err == nil {
			r.AnswerLast(status, answer)
		}
	}
}

// resume makes a connection of a line and the bytes behind it.
func (s *Server) resume(b []byte) (c *conn, pending bool, rest []byte, err error) {
	line, rest, _ := bytes.Cut(b, []byte("\n"))
	var n [6]int
	for i, word := range bytes.Fields(line) {
		if i == len(n) {
			return nil, false, nil, errHandover
		}
		if n[i], err = strconv.Atoi(string(word)); err != nil || n[i] < 0 {
			return nil, false, nil, errHandover
		}
	}
	fd, input, output := n[0], n[2], n[3]
	if fd == 0 || fd >= len(s.conns) || input+output > len(rest) {
		return nil, false, nil, errHandover
	}
	syscall.CloseOnExec(fd)
	c = &conn{server: s, fd: fd, small: make([]byte, smallBuffer), events: epoll.Once}
	c.buf = c.small
	if input > len(c.buf) {
		c.buf = make([]byte, input+1)
	}
	c.n = copy(c.buf, rest[:input])
	c.out = bytes.Clone(rest[input : input+output])
	c.request = Request{conn: c, close: n[4] == 1}
	c.head.old = n[5] == 1
	if pending = n[1] == 1; pending {
		c.request.body = &Body{conn: c}
	}
	s.conns[fd].Store(c)
	s.open++
	c.turn.Store(deferred) // until the server serves
	return c, pending, rest[input+output:], s.Loop.Add(fd, c.events, c)
}

// goOn lets the connections that were handed over go on.
func (s *Server) goOn() {
	for _, c := range s.resumed {
		switch {
		case len(c.out) > 0:
			if c.flush() {
				c.proceed()
			}
		case c.n > 0:
			c.advance()
		default:
			c.await(notWaiting, epoll.In)
		}
	}
	s.resumed = nil
}

func contents(fd int) ([]byte, error) {
	size, err := syscall.Seek(fd, 0, 2)
	if err != nil {
		return nil, err
	}
	b := make([]byte, size)
	for at := 0; at < len(b); {
		n, err := sys.ReadAt(fd, b[at:], int64(at))
		if err != nil || n == 0 {
			return nil, errHandover
		}
		at += n
	}
	return b, nil
}
