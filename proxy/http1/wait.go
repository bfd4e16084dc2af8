//go:build linux

package http1

import "time"

// waitFor notes what the connection waits for.
func (c *conn) waitFor(w waitFor) {
	if w == c.wait && w != waitBody {
		return
	}
	c.server.mu.Lock()
	c.setWait(w)
	c.server.mu.Unlock()
}

// setWait notes, under the server's lock, what the connection waits for. Its
// patience starts anew, but not with every byte of a header.
func (c *conn) setWait(w waitFor) {
	s := c.server
	if w != c.wait || w == waitBody {
		c.ticks = 0
	}
	if (c.wait == notWaiting) != (w == notWaiting) {
		if w == notWaiting {
			s.unfinished--
		} else {
			s.unfinished++
		}
	}
	c.wait = w
	if s.unfinished > 0 && !s.ticking {
		s.ticking = true
		time.AfterFunc(tick, s.sweep)
	}
}

// grow makes room for size bytes in the buffer, as far as what has come so far
// justifies it: nobody gets 64 MB for saying that they follow.
func (c *conn) grow(size int) {
	if size <= len(c.buf) {
		return
	}
	size = min(size, max(streamBuffer, 4*c.n))
	if size <= len(c.buf) {
		return
	}
	buf := c.server.buffer(size)
	copy(buf, c.buf[:c.n])
	c.giveBack()
	c.buf = buf
}

// giveBack returns a large buffer.
func (c *conn) giveBack() {
	if &c.buf[0] == &c.small[0] {
		return
	}
	s := c.server
	if len(c.buf) <= spareBuffer {
		s.mu.Lock()
		if len(s.spare) < spareCount {
			s.spare = append(s.spare, c.buf)
		}
		s.mu.Unlock()
	}
	c.buf = c.small
}

// buffer gives one of at least size bytes.
func (s *Server) buffer(size int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, b := range s.spare {
		if len(b) >= size {
			s.spare = append(s.spare[:i], s.spare[i+1:]...)
			return b
		}
	}
	return make([]byte, size)
}
