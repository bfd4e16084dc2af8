//go:build linux

package http1

import (
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
)

// A Handler answers requests.
type Handler interface {
	// Streams tells whether the body of such a request is read as it arrives (ServeStream) rather than whole (Serve).
	Streams(method, path string) bool
	// Serve takes a request with its body. It answers at once, or notes the request and has it answered later by the
	// loop. Request and body hold until the answer.
	Serve(r *Request)
	// ServeStream takes a request whose body is still coming. It runs in a goroutine of its own and has answered when
	// it returns. Request and body hold until the answer.
	ServeStream(r *Request, body *Body)
	// Work is called when all that had arrived was given to Serve. It reports whether there is more to do at once.
	Work() (more bool)
}

// A Server serves one handler on one listening socket. Its fields are set before Listen.
type Server struct {
	Handler Handler
	// Loop is where its sockets are waited for. The server sets its Work.
	Loop *epoll.Loop
	// MaxBody is how long the body of a buffered request may be, in bytes.
	MaxBody int64

	tick     clock.Duration // the measure of patience
	listener int
	conns    []atomic.Pointer[conn] // by descriptor
	resumed  []*conn                // were handed over and do not go on yet

	mu         sync.Mutex // over the fields below, and over closing descriptors
	open       int
	full       bool    // as many connections as descriptors: none is accepted
	ticking    bool    // the ticker runs
	unfinished int     // connections that wait within a request or an answer
	promised   int     // bytes of large buffers that requests have or will need
	queue      []*conn // connections whose body waits for such a promise
	waiting    bool    // HasRoom said no
	pressing   bool    // look will run

	untaken  atomic.Int64 // bytes of answers that clients have not taken; written under mu
	refusing atomic.Pointer[refusal]
	refused  bool // refuseAll has run

	spares spares // large buffers not in use
}

// maxConns bounds the table of connections where descriptors are unlimited.
const maxConns = 1 << 16

// Listen opens the port (0: a free one, see Port) on all addresses.
func (s *Server) Listen(port int) error {
	if err := s.prepare(); err != nil {
		return err
	}
	var err error
	if s.listener, err = listen(port); err != nil {
		return err
	}
	return s.Loop.Add(s.listener, epoll.In, (*acceptor)(s))
}

// prepare makes the parts of a server that need no socket.
func (s *Server) prepare() error {
	if s.tick == 0 {
		s.tick = usualTick
	}
	s.MaxBody = min(s.MaxBody, 1<<48) // sums of sizes stay in their range
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	s.mu.Lock() // for Refuse and Sending, which a signal may call early
	s.conns = make([]atomic.Pointer[conn], min(limit.Cur, maxConns))
	s.mu.Unlock()
	return nil
}

// Port returns the port that Listen opened.
func (s *Server) Port() int { return portOf(s.listener) }

// Serve answers requests for ever; it returns only when the kernel refuses to wait for events.
func (s *Server) Serve() error {
	s.Loop.Work = s.Handler.Work
	s.Loop.Post(s.goOn)
	return s.Loop.Run()
}
