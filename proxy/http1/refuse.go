//go:build linux

package http1

import (
	"errors"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

// errRefused is how the reading of a streamed body fails when the server refuses it.
var errRefused = errors.New("the server takes no request any more")

// Refuse has the requests answered with a status and a reason whose bodies are not here yet, and those that still come
// in parts: what ends can take none of them, but must not leave a client without an answer either. Streamed bodies end
// with an error, and whoever reads them answers. Requests that are here, or come in one piece, are still given to the
// handler.
func (s *Server) Refuse(status int, reason string) {
	s.refusing.Store(&refusal{status, reason})
	s.mu.Lock()
	s.room.Broadcast()
	s.wakeReader() // it does the rest: connections are its own
	s.mu.Unlock()
}

// refuseAll refuses the bodies that are awaited. It is called by the thread that reads, once.
func (s *Server) refuseAll(reason *refusal) {
	s.mu.Lock()
	queued := s.queue
	s.queue, s.refused = nil, true
	for i := range s.conns {
		if c := s.conns[i].Load(); c != nil && c.wait == waitBody {
			s.arm(c.fd, syscall.EPOLLIN|syscall.EPOLLOUT, syscall.EPOLL_CTL_MOD) // comes back at once
		}
	}
	s.mu.Unlock()
	for _, c := range queued {
		c.refuse(reason)
	}
}

// armBody waits for more of a body, or is refused at once. What refuseAll finds waiting is armed, and belongs to
// nobody.
func (c *conn) armBody() error {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	events := uint32(syscall.EPOLLIN)
	if s.refusing.Load() != nil {
		events |= syscall.EPOLLOUT
	}
	c.setWait(waitBody)
	c.turn.Store(armed)
	return s.arm(c.fd, events, syscall.EPOLL_CTL_MOD)
}

// refused answers a request whose body is not all here, where the server refuses it, and reports whether it did.
func (c *conn) refused() bool {
	reason := c.server.refusing.Load()
	if reason == nil || c.headEnd == 0 || c.request.body != nil {
		return false
	}
	c.refuse(reason)
	return true
}

// parted is how long after the last byte of a client it is taken for silent.
const parted = 250 * clock.Millisecond

// Parting reports whether a client whose body is refused has no answer yet, or one that has its answer is still
// sending, or was a moment ago: to end now could destroy the answer before it is read.
func (s *Server) Parting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusing.Load() != nil && !s.refused {
		return true
	}
	now := clock.Now()
	for i := range s.conns {
		c := s.conns[i].Load()
		if c != nil && (c.wait == waitBody || c.wait == waitFarewell && clock.Duration(now-c.heard) < parted) {
			return true
		}
	}
	return false
}

// hears notes that the client of a connection that ends is there.
func (c *conn) hears() {
	now := clock.Now()
	c.server.mu.Lock()
	c.heard = now
	c.server.mu.Unlock()
}
