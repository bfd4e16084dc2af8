//go:build linux

package http1

import (
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
)

const (
	smallBuffer  = 4 << 10  // kept by every connection
	streamBuffer = 64 << 10 // of any request, and the most that is read ahead
	spareBuffer  = 2 << 20  // larger ones are not kept for later
	spareCount   = 4
	spareRoom    = 16 << 20 // for all bodies together, beyond one of the longest
)

// room returns where the next bytes go. It is never more than the body needs or streamBuffer, whichever is longer, so
// that little of the next request is in the way when this one has its answer.
func (c *conn) room() []byte {
	limit := streamBuffer
	switch most := c.most(); {
	case c.headEnd > 0 && c.head.length >= 0:
		c.grow(most)
		limit = max(limit, most-c.n)
	case c.n == len(c.buf):
		c.grow(min(2*c.n, most))
	}
	room := c.buf[c.n:]
	return room[:min(limit, len(room))]
}

// most returns how large the buffer of this request may become.
//
//go:noinline
func (c *conn) most() int {
	switch {
	case c.headEnd == 0:
		return 2 * maxHead
	case c.head.length >= 0:
		return c.headEnd + int(c.head.length)
	}
	return c.headEnd + int(c.server.MaxBody) + smallBuffer
}

// grow makes room for size bytes in the buffer, as far as the bytes that have come justify it: a client does not get
// 64 MB by announcing them.
func (c *conn) grow(size int) {
	if size <= len(c.buf) {
		return
	}
	size = min(size, max(streamBuffer, 4*c.n))
	if size <= len(c.buf) {
		return
	}
	buf := c.server.spares.get(size)
	copy(buf, c.buf[:c.n])
	c.drop()
	c.buf = buf
}

// keep drops the first bytes of the buffer, and the buffer where the rest fits into a smaller one.
func (c *conn) keep(from int) {
	left := c.buf[from:c.n]
	c.n = len(left)
	switch {
	case len(left) <= len(c.small):
		copy(c.small, left)
		c.giveBack()
	case c.promised > 0:
		buf := c.server.spares.get(len(left))
		copy(buf, left)
		c.giveBack()
		c.buf = buf
	default:
		copy(c.buf, left)
	}
}

// giveBack returns a large buffer and its promise.
func (c *conn) giveBack() {
	c.drop()
	c.release(c.promised)
}

// drop returns a large buffer.
func (c *conn) drop() {
	if &c.buf[0] == &c.small[0] {
		return
	}
	if len(c.buf) <= spareBuffer {
		c.server.spares.put(c.buf)
	}
	c.buf = c.small
}

// spares are buffers for later, the largest that were given back: those are of use to every request, while small ones
// would soon be all that is kept.
type spares struct {
	mu      sync.Mutex
	buffers [spareCount][]byte
}

func (s *spares) put(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, kept := range s.buffers {
		if len(kept) < len(b) {
			s.buffers[i], b = b, kept
		}
	}
}

// get returns a buffer of at least size bytes.
func (s *spares) get(size int) []byte {
	s.mu.Lock()
	largest := s.buffers[0]
	if len(largest) >= size {
		copy(s.buffers[:], s.buffers[1:])
		s.buffers[spareCount-1] = nil
		s.mu.Unlock()
		return largest
	}
	s.mu.Unlock()
	return make([]byte, size)
}

// promise reports whether all of the body may be read into memory. Where it may not for now, the connection belongs to
// the server's queue, until others have given their memory back: a hundred large requests at once must not end a
// container of 256 MB. All that a body can need is promised at once, so that two never wait for each other.
func (c *conn) promise() bool {
	most := c.most()
	if c.promised > 0 || most <= streamBuffer || c.head.length == noLength && c.n < streamBuffer {
		return true
	}
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 && s.fits(most) {
		s.promised += most
		c.promised = most
		return true
	}
	c.setWait(notWaiting) // the client keeps nobody waiting
	c.turn.Store(deferred)
	s.queue = append(s.queue, c)
	s.press()
	return false
}

// fits reports whether size more bytes may be promised, beside the answers that clients have not taken yet.
func (s *Server) fits(size int) bool {
	taken := s.promised + int(s.untaken.Load())
	return taken == 0 || taken+size <= int(s.MaxBody)+spareRoom
}

// settle reduces the promise for a body in chunks to its real size.
func (c *conn) settle() { c.release(max(0, c.promised-len(c.buf))) }

// release takes back a part of a promise, and lets connections that wait for it go on, in the order in which they came.
func (c *conn) release(size int) {
	if size == 0 {
		return
	}
	c.promised -= size
	s := c.server
	s.mu.Lock()
	s.promised -= size
	s.admitBodies()
	s.mu.Unlock()
}

// admitBodies lets those go on whose bodies fit now. The server is locked, and is not meanwhile.
func (s *Server) admitBodies() {
	for len(s.queue) > 0 {
		next := s.queue[0]
		most := next.most()
		if !s.fits(most) {
			return
		}
		s.queue[0] = nil
		s.queue = s.queue[1:]
		s.promised += most
		next.promised = most
		s.mu.Unlock()
		next.await(waitBody, epoll.In)
		s.mu.Lock()
	}
}
