//go:build linux

// Package whisk is the action interface of OpenWhisk: POST /init and POST /run, their rules, errors and log sentinels
// (the rule numbers in comments are those of docs/native-protocol.md's appendix).
//
// A run passes through like this. The loop (package epoll) reads the request (http1), and Service.Serve puts it into
// the queue. When all that had arrived was read, Service.Work takes runs from the queue, first come first served, as
// many as the action takes and the memory for answers allows. Service.start takes the body apart in place, and the
// action writes its line to a child (native). The loop goes on: the child's pipes, its end and its logs are events like
// all others. run.Done gets the child's line: it looks whether that is a result, ends the log with the sentinels, and
// sends the answer in one write with its header (http1). A run whose log nobody takes is answered later.
//
// A run of version 2 may stream before that (native.Lines): each piece comes to run.Piece and goes one of three ways
// (way): collected into the answer, in chunks of it, or over a connection of its own (socket). When its client leaves,
// or the reader of its stream is lost, the action is told with Cancel, and the end of the run is awaited all the same.
//
// All of this is one thread. Beside it are goroutines for work that takes long: an /init (decode, unpack, check,
// start), the start of a process for a run, the end of a child, and the shutdown. They report back with Loop.Post.
package whisk

import (
	"sync"
	"sync/atomic"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// A Service answers /init and /run. It implements http1.Handler.
type Service struct {
	Server *http1.Server

	config Config
	host   *native.Host
	loop   *epoll.Loop
	loader Loader

	ending bool // Received has seen a signal to end

	// initializing is held by the /init whose action is being placed and started.
	initializing sync.Mutex
	initialized  atomic.Bool
	starting     atomic.Bool    // it is
	inits        sync.WaitGroup // those that are being served; added to under mu
	uploads      chan struct{}  // one for each body that is being read

	queue   queue
	open    int           // runs that the action has
	idle    []func()      // are called when it has none; until then it gets none
	free    *run          // for later runs
	watched []*run        // whose readers are looked after
	kept    int           // bytes of streams, for their readers
	action  native.Action // written by the loop, under mu

	mu       sync.Mutex
	stopping bool
}

// New returns a service that logs to host's streams.
func New(config Config, host *native.Host, loader Loader) *Service {
	return &Service{config: config, host: host, loop: host.Loop, loader: loader, uploads: make(chan struct{}, mostUploads)}
}

// Preset sets the action before any /init; initialized tells whether the /init was seen to. It is called before
// requests are served.
func (s *Service) Preset(a native.Action, initialized bool) {
	s.action = a
	s.initialized.Store(initialized)
}

// Streams implements http1.Handler: code is decoded as it arrives.
func (s *Service) Streams(method, path string) bool { return method == "POST" && path == "/init" }

// ServeStream implements http1.Handler.
func (s *Service) ServeStream(r *http1.Request, body *http1.Body) { s.init(r, body) }

// Serve implements http1.Handler.
func (s *Service) Serve(r *http1.Request) {
	switch {
	case r.Path != "/run" && r.Path != "/init":
		answerError(r, 404, "not found: this is an OpenWhisk action, it answers POST /init and POST /run")
	case r.Method != "POST":
		answerError(r, 405, "method not allowed: send a POST")
	case s.isStopping():
		answerError(r, 503, textStopping)
	default:
		s.queue.push(r)
	}
}

// Work implements http1.Handler: it starts the runs that wait, and lets others have their turn after some.
func (s *Service) Work() (more bool) {
	const most = 16
	more = true
	for n := 0; n < most && more; n++ {
		more = s.queue.n > 0 && s.startNext()
	}
	s.flush()
	return more && s.queue.n > 0
}

// flush makes the action go on with the runs that were started, where it takes several at once.
func (s *Service) flush() {
	if a, ok := s.action.(interface{ Flush() }); ok {
		a.Flush()
	}
}

// startNext starts the run that has waited for longest, or answers it. It reports false when that has to wait.
func (s *Service) startNext() bool {
	switch {
	case len(s.idle) > 0:
		return false
	case s.action == nil && !s.useBaked():
		s.fail(s.queue.pop(), s.config.protocol().beforeInit())
		return true
	case !s.action.Takes() || !s.Server.HasRoom() || s.host.Logs.Pending():
		return false
	}
	if r := s.queue.pop(); !s.hasLeft(r) {
		s.start(r)
	}
	return true
}

// whenIdle makes the loop call f when the action has no run, before it gets another one.
func (s *Service) whenIdle(f func()) {
	s.loop.Post(func() {
		s.idle = append(s.idle, f)
		s.becomeIdle()
	})
}

// becomeIdle calls the functions that wait for it when the last run is over.
func (s *Service) becomeIdle() {
	for s.open == 0 && len(s.idle) > 0 {
		f := s.idle[0]
		f()
		s.idle = s.idle[1:]
	}
}

// queue is a first in, first out queue in a ring.
type queue struct {
	ring []*http1.Request
	head int
	n    int
}

func (q *queue) push(r *http1.Request) {
	if q.n == len(q.ring) {
		ring := make([]*http1.Request, max(16, 2*q.n))
		for i := range q.n {
			ring[i] = q.ring[(q.head+i)%len(q.ring)]
		}
		q.ring, q.head = ring, 0
	}
	q.ring[(q.head+q.n)%len(q.ring)] = r
	q.n++
}

// pop returns the first request, nil when the queue is empty.
//
//go:noinline
func (q *queue) pop() *http1.Request {
	if q.n == 0 {
		return nil
	}
	r := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) % len(q.ring)
	q.n--
	return r
}
