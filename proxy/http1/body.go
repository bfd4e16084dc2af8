//go:build linux

package http1

import (
	"errors"
	"io"
	"sync/atomic"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// errSilent and errGone are how the reading of a streamed body fails when it is the client's fault.
var (
	errSilent = errors.New("the client sent nothing for a minute in the middle of the body")
	errGone   = errors.New("the client left in the middle of the body")
)

// A Body is a request's body that is read as it arrives.
type Body struct {
	conn *conn
	left int64 // bytes to come, or noLength
	err  error

	begun atomic.Bool // some of it was taken
}

// Next returns the next piece of the body, which holds until Next is called again, and io.EOF after the last.
func (b *Body) Next() ([]byte, error) {
	b.begun.Store(true)
	for b.err == nil {
		piece, err := b.piece()
		if b.err = err; len(piece) > 0 {
			return piece, nil
		}
	}
	return nil, b.err
}

// piece decodes the bytes in the connection's buffer, or reads more.
func (b *Body) piece() ([]byte, error) {
	c := b.conn
	if b.left == 0 || c.chunks.state == chunksDone {
		return nil, io.EOF
	}
	if c.next == c.n {
		if err := b.read(); err != nil {
			return nil, err
		}
	}
	from := c.buf[c.next:c.n]
	if b.left != noLength {
		piece := from[:min(b.left, int64(len(from)))]
		b.left -= int64(len(piece))
		c.next += len(piece)
		return piece, nil
	}
	read, written, err := c.chunks.decode(from, from)
	c.next += read
	return from[:written], err
}

func (b *Body) read() error {
	c := b.conn
	if len(c.buf) < streamBuffer {
		c.grow(streamBuffer)
	}
	if !c.invite() {
		c.request.close = true
		return errGone
	}
	c.n, c.next = c.headEnd, c.headEnd
	c.head.expect = false // from here on the client is sending
	for {
		if c.server.refusing.Load() != nil {
			c.request.close = true
			return errRefused
		}
		n, err := sys.Read(c.fd, c.buf[c.n:])
		if n > 0 {
			c.n += n
			return nil
		}
		if err != syscall.EAGAIN {
			c.request.close = true
			if c.wasCut() {
				return errSilent
			}
			return errGone
		}
		// Most pieces follow at once, and waiting for it here saves two changes of threads for each piece. A
		// client that pauses is waited for with all the others.
		if c.awaitBriefly() {
			continue
		}
		if c.armBody() != nil {
			c.request.close = true
			return errGone
		}
		<-c.wake
	}
}

// briefly is how long the reader of a streamed body keeps a thread to itself.
const briefly = 10 * clock.Millisecond

// awaitBriefly waits for input, and reports whether there is some.
func (c *conn) awaitBriefly() bool {
	return sys.Poll([]sys.PollFd{{Fd: int32(c.fd), Events: sys.PollIn}}, briefly)
}

// finish reads over a short rest of the body before the answer. Where it is not there yet, the connection ends with the
// answer instead.
func (b *Body) finish() {
	c := b.conn
	for b.err == nil && (c.next < c.n || b.left == 0 || c.chunks.state == chunksDone) {
		_, b.err = b.piece()
	}
	if b.err != io.EOF {
		c.request.close = true
		b.err = io.ErrUnexpectedEOF // for a handler that reads on after the answer
	}
}
