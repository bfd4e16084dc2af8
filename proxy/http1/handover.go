//go:build linux

package http1

import (
	"bytes"
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// A server can be handed over to the program that replaces this one (exec): the listening socket, the request that
// asked for it, and every connection with the bytes that were read from it and those that are still to be sent. So no
// connection is refused or lost at any moment.
//
// All of it stands in a file in memory, whose descriptor the new program is told. After the line "http1 2",
// the listener's descriptor and a note of the handler it holds, for each connection, a line of numbers and then the
// bytes:
//
//	listener note
//	descriptor kind input output close old
//
// note is how many bytes the note has, which follow. kind is 1 for the connection whose request is still to be
// answered, input and output are how many bytes follow, close and old are 1 or 0.
const handoverHead = "http1 2\n"

// Sending reports whether an answer waits for its client to take it.
func (s *Server) Sending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.conns {
		if c := s.conns[i].Load(); c != nil && c.wait == waitRoom {
			return true
		}
	}
	return false
}

// Handover returns the descriptor of the file that TakeOver and Note read. The loop calls it, and does nothing after it
// with connections. r, whose body was read, is not answered. Other requests whose bodies were being read get the given
// answer, for the part that was taken of them is gone. All descriptors that are handed over survive an exec.
func (s *Server) Handover(r *Request, note []byte, status int, answer []byte) (int, error) {
	file, err := sys.MemoryFile()
	if err != nil {
		return -1, err
	}
	h := handover{file: file}
	head := strconv.AppendInt([]byte(handoverHead), int64(s.listener), 10)
	head = strconv.AppendInt(append(head, ' '), int64(len(note)), 10)
	h.bytes(append(append(head, '\n'), note...))
	h.keep(s.listener)
	for i := range s.conns {
		c := s.conns[i].Load()
		if c == nil {
			continue
		}
		c.turn.Load() // makes the writes of its last owner visible
		if c.leaving {
			continue
		}
		switch body := c.request.body; {
		case c == r.conn:
			h.conn(c, 1, c.buf[c.next:c.n])
		case len(c.out) > 0: // its request was served
			h.conn(c, 0, c.buf[c.next:c.n])
		case body != nil && body.begun.Load():
			c.request.close = true
			c.out = append(c.request.appendHead(nil, status, len(answer)), answer...)
			h.conn(c, 0, nil)
		default:
			h.conn(c, 0, c.unread())
		}
	}
	h.keep(file)
	return file, h.err
}

type handover struct {
	file int
	err  error
}

func (h *handover) conn(c *conn, kind int, input []byte) {
	var line []byte
	for _, n := range []int{c.fd, kind, len(input), len(c.out), bit(c.request.close && (kind == 1 || len(c.out) > 0)), bit(c.head.old)} {
		line = append(strconv.AppendInt(line, int64(n), 10), ' ')
	}
	line[len(line)-1] = '\n'
	h.bytes(line)
	h.bytes(input)
	h.bytes(c.out)
	h.keep(c.fd)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (h *handover) bytes(b []byte) {
	if h.err == nil {
		_, h.err = sys.WriteAll(h.file, b)
	}
}

// keep has a descriptor survive an exec.
func (h *handover) keep(fd int) {
	if _, err := sys.Fcntl(fd, syscall.F_SETFD, 0); h.err == nil {
		h.err = err
	}
}

// unread returns the bytes that were read of requests that are not answered, as they came.
func (c *conn) unread() []byte {
	raw := c.buf[:c.n]
	if c.headEnd == 0 || c.head.length != noLength || c.request.body != nil {
		return raw
	}
	return c.chunks.encode(bytes.Clone(raw[:c.headEnd]), raw[c.headEnd:c.bodyEnd])
}

// encode appends the decoded part of a body in chunks again, such that the rest of the body continues it.
func (c *chunks) encode(b, decoded []byte) []byte {
	chunk := func(size int64) {
		b = append(strconv.AppendInt(b, size, 16), "\r\n"...)
		b = append(b, decoded...)
	}
	switch c.state {
	case chunkData:
		chunk(int64(len(decoded)) + c.left)
		return b
	case chunkDataCR:
		chunk(int64(len(decoded)))
		return b
	case chunkDataLF:
		chunk(int64(len(decoded)))
		return append(b, '\r')
	}
	if len(decoded) > 0 {
		chunk(int64(len(decoded)))
		b = append(b, "\r\n"...)
	}
	switch c.state {
	case chunkSize, chunkExtension, chunkSizeLF:
		if c.digits == 0 {
			return b
		}
		size := strconv.FormatInt(c.left, 16)
		for range c.digits - len(size) {
			b = append(b, '0')
		}
		b = append(b, size...)
		if c.state == chunkExtension {
			b = append(b, ';')
		} else if c.state == chunkSizeLF {
			b = append(b, '\r')
		}
		return b
	}
	b = append(b, "0\r\n"...)
	switch c.state {
	case trailerName:
		return append(b, 'x')
	case trailerValue:
		return append(b, "x:"...)
	case trailerLF:
		return append(b, "x:\r"...)
	case lastLF:
		return append(b, '\r')
	}
	return b
}
