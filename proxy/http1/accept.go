//go:build linux

package http1

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

// reserved is how many descriptors connections leave to the rest of the process.
const reserved = 20

// accept takes the connections that wait in the kernel's queue. One thread at a time does, for the listening socket is
// armed anew only when it is done.
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
			s.armListener()
			return
		case err == syscall.ECONNABORTED || err == syscall.EINTR:
		default:
			// No descriptors or no memory: who will give some back is not known, and asking again at once would find
			// the same.
			clock.After(s.tick/50, s.armListener)
			return
		}
	}
}

// admit counts one more connection, or reports that there is no room: then those who come wait in the kernel's queue
// until one leaves.
func (s *Server) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= max(1, len(s.conns)-reserved) {
		s.full = true
		return false
	}
	s.open++
	return true
}

// adopt makes a connection of an accepted socket.
func (s *Server) adopt(fd int) {
	c := &conn{server: s, fd: fd, small: make([]byte, smallBuffer)}
	c.buf = c.small
	s.conns[fd].Store(c)
	if err := s.arm(fd, syscall.EPOLLIN, syscall.EPOLL_CTL_ADD); err != nil {
		s.close(c)
	}
}

//go:noinline
func (s *Server) armListener() { s.arm(s.listener, syscall.EPOLLIN, syscall.EPOLL_CTL_MOD) }

// close ends a connection that the caller owns.
func (s *Server) close(c *conn) {
	s.mu.Lock()
	s.conns[c.fd].Store(nil)
	c.setWait(notWaiting)
	syscall.Close(c.fd)
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
