//go:build linux

package http1

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

// An awaited is the part of an exchange that a connection waits for.
type awaited byte

const (
	notWaiting   awaited = iota
	waitHead             // the rest of a header
	waitBody             // more of a body
	waitRoom             // room to send an answer
	waitFarewell         // the client's end, after ours
)

// usualTick is the measure of patience. Time is counted in ticks, not read from a clock, because a container that was paused
// for a minute has lost one tick at most, not a minute.
const usualTick = 5 * clock.Second

// patience is how many ticks a connection may wait.
var patience = [...]int{waitHead: 2, waitBody: 12, waitRoom: 12, waitFarewell: 1}

// ticks runs once a tick while a connection waits within a request.
func (s *Server) ticks() {
	s.sweep()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ticking = s.unfinished > 0; s.ticking {
		s.Loop.After(s.tick, s.ticks)
	}
}

// sweep lets a tick pass, and cuts the connections that have waited too long: their owner then sees the end and closes.
func (s *Server) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.conns {
		c := s.conns[i].Load()
		if c == nil || c.wait == notWaiting {
			continue
		}
		if c.ticks++; c.ticks <= patience[c.wait] {
			continue
		}
		c.cut = true
		if c.wait == waitHead || c.wait == waitBody {
			syscall.Shutdown(c.fd, syscall.SHUT_RD) // an answer that says why still passes
		} else {
			syscall.Shutdown(c.fd, syscall.SHUT_RDWR)
		}
	}
}

// waitFor notes the part that the connection waits for.
func (c *conn) waitFor(w awaited) {
	if w == c.wait && !w.lasts() {
		return
	}
	c.server.mu.Lock()
	c.setWait(w)
	c.server.mu.Unlock()
}

// lasts reports whether the wait may take as long as it likes, while something comes: patience starts anew with every
// part. A header has to be there in time.
func (w awaited) lasts() bool { return w == waitBody || w == waitRoom }

// setWait is waitFor under the server's lock.
func (c *conn) setWait(w awaited) {
	s := c.server
	// While requests wait for the memory that others hold, nothing lasts.
	if w != c.wait || w.lasts() && len(s.queue) == 0 && !s.waiting {
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
	if w == waitRoom { // some went out
		c.looks = 0
	}
	if s.unfinished > 0 && !s.ticking {
		s.ticking = true
		s.Loop.After(s.tick, s.ticks)
	}
}

// wasCut reports whether the connection's end came from its lack of progress.
//
//go:noinline
func (c *conn) wasCut() bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.cut
}
