//go:build linux

package http1

import (
	"runtime"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// Answers that their clients have not taken are kept, and count against what bodies may take together. How large the
// next answer is nobody knows, so that the work that makes it waits until there is room for some. A client that takes
// nothing of its answer meanwhile loses its connection.

// A look is how often those who take nothing are looked for while others wait, in parts of a tick; after mostLooks in
// vain they are cut.
const (
	looksPerTick = 10
	mostLooks    = 4
)

// AwaitRoom waits until answers that were not taken leave room for another one. It calls slow before it waits, unless
// that is nil, and reports false when the server refuses requests meanwhile.
func (s *Server) AwaitRoom(slow func()) bool {
	if s.untaken.Load() <= spareRoom {
		return true
	}
	s.mu.Lock()
	if s.hasRoom() {
		s.mu.Unlock()
		return true
	}
	s.waiting++
	s.press()
	s.mu.Unlock()
	if slow != nil {
		slow()
	}
	runtime.GC() // what grew into those answers is free by now
	s.mu.Lock()
	for !s.hasRoom() && s.refusing.Load() == nil {
		s.room.Wait()
	}
	s.waiting--
	has := s.hasRoom()
	s.mu.Unlock()
	runtime.GC() // and so are they: 12 of 30 MB, one after the other, took 200 MB without, 140 with
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
	s.room.Broadcast()
	s.admitBodies()
	s.mu.Unlock()
}

// press has those looked for who take nothing, as long as somebody waits for room.
//
//go:noinline
func (s *Server) press() {
	if s.pressing {
		return
	}
	s.pressing = true
	clock.After(s.tick/looksPerTick, s.look)
}

// look cuts the connections that have taken nothing of their answer for some looks.
func (s *Server) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pressing = false
	if s.waiting == 0 && len(s.queue) == 0 {
		return
	}
	for i := range s.conns {
		c := s.conns[i].Load()
		if c == nil || c.wait != waitRoom {
			continue
		}
		unsent := sys.Unsent(c.fd)
		if unsent != c.unsent {
			c.unsent, c.looks = unsent, 0
		} else if c.looks++; c.looks >= mostLooks {
			c.cut = true
			syscall.Shutdown(c.fd, syscall.SHUT_RDWR)
		}
	}
	s.press()
}
