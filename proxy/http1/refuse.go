//go:build linux

package http1

import (
	"errors"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
)

// errRefused is how the reading of a streamed body fails when the server refuses it.
var errRefused = errors.New("the server takes no request any more")

// Refuse answers requests that are not whole yet, and those whose bodies still come in parts, with a status and a
// reason: a proxy that ends can take none of them, but must not leave a client without an answer either. Streamed
// bodies end with an error, and their readers answer. Requests that are here, or come in one piece, are still given to
// the handler.
func (s *Server) Refuse(status int, reason string) {
	s.refusing.Store(&refusal{status, reason})
	s.Loop.Post(s.refuseAll)
}

// refuseAll refuses the bodies that are awaited.
func (s *Server) refuseAll() {
	reason := s.refusing.Load()
	s.mu.Lock()
	refused := s.queue
	s.queue, s.refused = nil, true
	for i := range s.conns {
		switch c := s.conns[i].Load(); {
		case c == nil || c.wait != waitBody && c.wait != waitHead:
		case c.request.body != nil:
			s.Loop.Set(c.fd, epoll.In|epoll.Out|epoll.Once) // comes back at once
		default:
			refused = append(refused, c)
		}
	}
	s.mu.Unlock()
	for _, c := range refused {
		c.refuse(reason)
	}
}

// armBody has the loop wait for more of a body that another goroutine reads, or come back at once where bodies are
// refused.
func (c *conn) armBody() error {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	events := uint32(epoll.In | epoll.Once)
	if s.refusing.Load() != nil {
		events |= epoll.Out
	}
	c.setWait(waitBody)
	c.turn.Store(armed)
	return s.Loop.Set(c.fd, events)
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
