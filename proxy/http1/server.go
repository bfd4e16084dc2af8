//go:build linux

package http1

import (
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

// A Handler answers requests.
type Handler interface {
	// Streams tells whether the body of such a request is read as it arrives (ServeStream) rather than whole (Serve).
	Streams(method, path string) bool
	// Serve takes a request with its body. It must not block: it answers at once, or notes the request and has it
	// answered later, by Work or by any other goroutine. Request and body hold until the answer.
	Serve(r *Request)
	// ServeStream takes a request whose body is still coming. It runs in a goroutine of its own and has answered when
	// it returns. Request and body hold until the answer.
	ServeStream(r *Request, body *Body)
	// Work is called when all that had arrived was given to Serve. It may block: before it does so for long it calls
	// slow, once or more often, and another thread takes over the reading.
	Work(slow func())
}

// A Server serves one handler on one listening socket. Its fields are set before Listen.
type Server struct {
	Handler Handler
	// MaxBody is how long the body of a buffered request may be, in bytes.
	MaxBody int64

	tick     clock.Duration // the measure of patience
	listener int
	epoll    int
	conns    []atomic.Pointer[conn] // by descriptor
	stopped  atomic.Bool            // see Quiesce
	resumed  []*conn                // were handed over and do not go on yet

	lead       sync.Mutex // held by the thread that reads
	mu         sync.Mutex // over what follows, and over closing descriptors
	open       int
	full       bool    // as many connections as descriptors: none is accepted
	ticking    bool    // the ticker runs
	unfinished int     // connections that wait within a request or an answer
	promised   int     // bytes of large buffers that requests have or will need
	queue      []*conn // connections whose body waits for such a promise
	waiting    int     // calls of AwaitRoom
	pressing   bool    // look runs
	room       sync.Cond

	untaken  atomic.Int64 // bytes of answers that clients have not taken; written under mu
	refusing atomic.Pointer[refusal]
	refused  bool // refuseAll has run

	spares spares // large buffers not in use
}

// threads is how many take turns at reading: one may block in Work.
const threads = 2

// maxConns bounds the table of connections where descriptors are unlimited.
const maxConns = 1 << 16

// Listen opens the port (0: a free one, see Port) on all addresses.
func (s *Server) Listen(port int) error {
	if err := s.prepare(); err != nil {
		return err
	}
	var err error
	if s.listener, err = listen(port); err != nil {
		syscall.Close(s.epoll)
		return err
	}
	return s.arm(s.listener, syscall.EPOLLIN, syscall.EPOLL_CTL_ADD)
}

// prepare makes what the server needs before it has a socket.
func (s *Server) prepare() error {
	if s.tick == 0 {
		s.tick = tick
	}
	s.room.L = &s.mu
	s.MaxBody = min(s.MaxBody, 1<<48) // sums of sizes stay in their range
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	s.mu.Lock() // for Refuse and Sending, which a signal may call early
	s.conns, s.epoll = make([]atomic.Pointer[conn], min(limit.Cur, maxConns)), epoll
	s.mu.Unlock()
	return err
}

// Port returns the port that Listen opened.
func (s *Server) Port() int { return portOf(s.listener) }

// Serve answers requests for ever; it returns only when the kernel refuses to wait for events.
func (s *Server) Serve() error {
	s.goOn()
	failed := make(chan error, threads)
	for range threads {
		go func() { failed <- s.loop() }()
	}
	return <-failed
}

// loop reads while it has the lead, and gives it up when its work is slow. With a second thread always reading beside
// the one that works, a hundred clients were served at two thirds of the speed, for each request woke it up.
func (s *Server) loop() error {
	var leads atomic.Bool
	slow := func() {
		if leads.CompareAndSwap(true, false) {
			s.lead.Unlock()
		}
	}
	for {
		if !leads.Load() {
			s.lead.Lock()
			leads.Store(true)
		}
		if s.stopped.Load() {
			s.lead.Unlock()
			select {} // see Quiesce
		}
		if err := s.read(); err != nil {
			return err
		}
		if reason := s.refusing.Load(); reason != nil && !s.refused { // which this thread alone sets
			s.refuseAll(reason)
		}
		s.Handler.Work(slow)
	}
}

// read waits for events and sees to them.
func (s *Server) read() error {
	var events [64]syscall.EpollEvent
	n, err := syscall.EpollWait(s.epoll, events[:], -1)
	if err != nil && err != syscall.EINTR {
		return err
	}
	for _, e := range events[:max(n, 0)] {
		if int(e.Fd) == s.listener {
			s.accept()
		} else if c := s.conns[e.Fd].Load(); c != nil {
			c.ready()
		}
	}
	return nil
}

// arm asks for one event on fd. The thread that gets it owns the connection until it arms it again, so that no two ever
// work on the same one.
//
//go:noinline
func (s *Server) arm(fd int, events uint32, op int) error {
	return syscall.EpollCtl(s.epoll, op, fd, &syscall.EpollEvent{Events: events | syscall.EPOLLONESHOT, Fd: int32(fd)})
}
