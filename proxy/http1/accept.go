//go:build linux

package http1

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
)

// reserved is how many descriptors connections leave to the rest of the process.
const reserved = 26

// An acceptor is a server that sees to its listening socket.
type acceptor Server

// Ready implements epoll.Handler.
func (a *acceptor) Ready(uint32) { (*Server)(a).accept() }

// accept takes the connections that wait in the kernel's queue.
func (s *Server) accept() {
	for s.admit() {
		fd, _, err := syscall.Accept4(s.listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		if err == nil && fd < len(s.conns) {
			s.adopt(fd)
			continue
		}
		if err == nil { // beyond the table: others hold the descriptors that it was made for
			syscall.Close(fd)
			err = syscall.EMFILE
		}
		s.mu.Lock()
		s.open--
		s.mu.Unlock()
		switch {
		case err == syscall.EAGAIN:
			return
		case err == syscall.ECONNABORTED || err == syscall.EINTR:
		default:
			// No descriptors or no memory: nothing tells when some come free, and asking again at once would find the
			// same.
			s.Loop.Set(s.listener, 0)
			s.Loop.After(s.tick/50, s.armListener)
			return
		}
	}
}

// admit counts one more connection, or reports that there is no room: then new ones wait in the kernel's queue until
// one ends.
func (s *Server) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= max(1, len(s.conns)-reserved) {
		s.full = true
		s.Loop.Set(s.listener, 0)
		return false
	}
	s.open++
	return true
}

// adopt makes a connection of an accepted socket.
func (s *Server) adopt(fd int) {
	c := &conn{server: s, fd: fd, small: make([]byte, smallBuffer), events: epoll.In}
	c.buf = c.small
	c.turn.Store(armed)
	s.conns[fd].Store(c)
	if err := s.Loop.Add(fd, epoll.In, c); err != nil {
		s.close(c)
	}
}

//go:noinline
func (s *Server) armListener() { s.Loop.Set(s.listener, epoll.In) }

// close ends a connection that the caller owns.
func (s *Server) close(c *conn) {
	s.mu.Lock()
	s.conns[c.fd].Store(nil)
	c.setWait(notWaiting)
	fd := c.fd
	s.Loop.Close(&fd)
	s.open--
	accept := s.full
	s.full = false
	s.mu.Unlock()
	c.owe(0)
	c.giveBack()
	if accept {
		s.armListener()
	}
}
