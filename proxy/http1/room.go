//go:build linux

package http1

import (
	"runtime"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// Answers that their clients have not taken are kept, and count against the memory of all bodies together. Nobody knows
// how large the next answer will be, so the run that makes it waits until there is room for some. A client that takes
// nothing of its answer meanwhile loses its connection.

// While others wait, the server looks looksPerTick times a tick for clients that take nothing; after mostLooks in vain
// their connections are closed.
const (
	looksPerTick = 10
	mostLooks    = 4
)

// HasRoom reports whether answers that were not taken leave room for another one. While it reports false, the server
// looks for clients that take nothing.
func (s *Server) HasRoom() bool {
	if s.untaken.Load() <= spareRoom && !s.waiting {
		return true
	}
	s.mu.Lock()
	has, waited := s.hasRoom(), s.waiting
	s.waiting = !has
	if !has {
		s.press()
	}
	s.mu.Unlock()
	if has == waited {
		// The buffers that these answers outgrew are free by now, and in the end the answers, too: 12 of 30 MB, one
		// after the other, took 200 MB without this, and 140 with it.
		runtime.GC()
	}
	return has
}

//go:noinline
func (s *Server) hasRoom() bool {
	untaken := s.untaken.Load()
	return untaken <= spareRoom || int64(s.promised)+untaken < s.MaxBody+spareRoom
}

// owe counts how much memory the connection's answer takes until its client has taken it.
func (c *conn) owe(size int) {
	if size == c.owed {
		return
	}
	s := c.server
	s.mu.Lock()
	s.untaken.Add(int64(size - c.owed))
	c.owed, c.looks = size, 0
	s.admitBodies()
	s.mu.Unlock()
}

// press looks for clients that take nothing, as long as somebody waits for room.
//
//go:noinline
func (s *Server) press() {
	if s.pressing {
		return
	}
	s.pressing = true
	s.Loop.After(s.tick/looksPerTick, s.look)
}

// look cuts the connections that have taken nothing of their answer for some looks.
func (s *Server) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pressing = false
	if !s.waiting && len(s.queue) == 0 {
		return
	}
	for i := range s.conns {
		c := s.conns[i].Load()
		if c == nil || c.wait != waitRoom {
			continue
		}
		unsent := sys.Unsent(c.fd)
		if unsent != c.unsent || unsent == 0 { // it takes some, or has taken all that it was sent
			c.unsent, c.looks = unsent, 0
		} else if c.looks++; c.looks >= mostLooks {
			c.cut = true
			syscall.Shutdown(c.fd, syscall.SHUT_RDWR)
		}
	}
	s.press()
}
