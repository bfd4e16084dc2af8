//go:build linux

package http1

import (
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A Handler answers requests.
type Handler interface {
	// Streams tells whether the body of such a request is read as it arrives
	// (ServeStream) rather than whole (Serve).
	Streams(method, path string) bool
	// Serve takes a request with its body. It must not block: it answers at
	// once, or notes the request and has it answered later, by Work or by
	// any other goroutine. Body holds until the answer.
	Serve(r *Request)
	// ServeStream takes a request whose body is still coming. It runs in a
	// goroutine of its own and has answered when it returns.
	ServeStream(r *Request, body *Body)
	// Work is called when all that had arrived was given to Serve. One of the
	// server's threads may block in it.
	Work()
}

// A Server serves one handler on one listening socket. Its fields are set before
// Listen.
type Server struct {
	Handler Handler
	// MaxBody is how long the body of a buffered request may be, in bytes.
	MaxBody int64

	listener int
	epoll    int
	conns    []atomic.Pointer[conn] // by descriptor

	mu         sync.Mutex // over what follows, and over closing descriptors
	open       int
	full       bool     // as many connections as descriptors: none is accepted
	ticking    bool     // the ticker runs
	unfinished int      // connections that wait within a request or an answer
	spare      [][]byte // large buffers not in use
}

// threads is how many wait for events: one may block in Work.
const threads = 2

// reserved is how many descriptors connections leave to the rest of the process.
const reserved = 20

// maxConns bounds the table of connections where descriptors are unlimited.
const maxConns = 1 << 16

// Listen opens the port (0: a free one, see Port) on all addresses.
func (s *Server) Listen(port int) error {
	var err error
	if s.listener, err = listen(port); err != nil {
		return err
	}
	if s.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	s.conns = make([]atomic.Pointer[conn], min(limit.Cur, maxConns))
	return s.arm(s.listener, syscall.EPOLLIN, syscall.EPOLL_CTL_ADD)
}

// Port is the port that Listen opened.
func (s *Server) Port() int { return portOf(s.listener) }

// Serve answers requests for ever; it returns only when the kernel refuses to
// wait for events.
func (s *Server) Serve() error {
	failed := make(chan error, threads)
	for range threads {
		go func() { failed <- s.loop() }()
	}
	return <-failed
}

func (s *Server) loop() error {
	var events [64]syscall.EpollEvent
	for {
		n, err := syscall.EpollWait(s.epoll, events[:], -1)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range events[:n] {
			if int(e.Fd) == s.listener {
				s.accept()
			} else if c := s.conns[e.Fd].Load(); c != nil {
				c.ready()
			}
		}
		s.Handler.Work()
	}
}

// arm asks for one event on fd. The thread that gets it owns the connection
// until it arms it again, so that no two ever work on the same one.
func (s *Server) arm(fd int, events uint32, op int) error {
	return syscall.EpollCtl(s.epoll, op, fd, &syscall.EpollEvent{Events: events | syscall.EPOLLONESHOT, Fd: int32(fd)})
}

func (s *Server) accept() {
	for {
		s.mu.Lock()
		if s.open >= len(s.conns)-reserved {
			s.full = true // those who come wait in the kernel's queue until one leaves
			s.mu.Unlock()
			return
		}
		s.open++
		s.mu.Unlock()
		fd, _, err := syscall.Accept4(s.listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		if err == nil && fd < len(s.conns) {
			c := &conn{server: s, fd: fd, small: make([]byte, smallBuffer)}
			c.buf = c.small
			s.conns[fd].Store(c)
			s.arm(fd, syscall.EPOLLIN, syscall.EPOLL_CTL_ADD)
			continue
		}
		s.mu.Lock()
		s.open--
		none := s.open == 0
		if err == nil {
			syscall.Close(fd)
		}
		if err == syscall.EMFILE || err == syscall.ENFILE || err == syscall.ENOMEM || err == syscall.ENOBUFS {
			s.full = !none
		}
		wait := s.full
		s.mu.Unlock()
		switch {
		case wait:
			return
		case again(err) || err == syscall.EINVAL || err == syscall.EBADF:
			s.arm(s.listener, syscall.EPOLLIN, syscall.EPOLL_CTL_MOD)
			return
		case err != nil && none && err != syscall.ECONNABORTED && err != syscall.EINTR:
			time.Sleep(tick / 50) // nothing of ours will give a descriptor back
		}
	}
}

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
	c.giveBack()
	if accept {
		s.arm(s.listener, syscall.EPOLLIN, syscall.EPOLL_CTL_MOD)
	}
}

// tick is the measure of patience. Time is counted in ticks, not read from a
// clock, because a container that was paused for a minute has lost one tick at
// most, not a minute.
const tick = 5 * time.Second

// sweep runs once a tick while a connection waits within a request, and cuts
// those that have waited too long: their owner then sees the end and closes.
func (s *Server) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.conns {
		c := s.conns[i].Load()
		if c == nil || c.wait == notWaiting {
			continue
		}
		if c.ticks++; c.ticks > patience[c.wait] {
			syscall.Shutdown(c.fd, syscall.SHUT_RDWR)
		}
	}
	if s.ticking = s.unfinished > 0; s.ticking {
		time.AfterFunc(tick, s.sweep)
	}
}

// What a connection waits for within a request.
type waitFor byte

const (
	notWaiting   waitFor = iota
	waitHead             // the rest of a header
	waitBody             // more of a body
	waitRoom             // room to send an answer
	waitFarewell         // the client's end, after ours
)

// patience is how many ticks a connection may wait.
var patience = [...]int{waitHead: 2, waitBody: 12, waitRoom: 12, waitFarewell: 1}
