//go:build linux

// Package whisk is the action interface of OpenWhisk: POST /init and POST /run, their rules, errors and log sentinels
// (the rule numbers in comments are those of docs/native-protocol.md's appendix).
//
// Runs wait in one queue and are served one after the other, first come first served, by whichever of the server's
// threads is free (Service.Work).
package whisk

import (
	"sync"
	"sync/atomic"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// A Service answers /init and /run. It implements http1.Handler.
type Service struct {
	// Server is what serves the service, where it may be handed over.
	Server *http1.Server

	config Config
	host   *native.Host
	loader Loader

	ending bool // Received has seen a signal to end

	// initializing is held by the /init whose action is being placed and started.
	initializing sync.Mutex
	initialized  atomic.Bool
	starting     atomic.Bool    // it is
	inits        sync.WaitGroup // those that are being served; added to under mu
	uploads      chan struct{}  // one for each body that is being read

	turn   turn
	slowly func()        // turn.slowly, bound once
	action native.Action // written with the turn and under mu, read with either

	mu       sync.Mutex
	stopping bool
	overlap  sync.WaitGroup // runs in goroutines of their own
	slots    chan struct{}  // one for each of them
}

// New returns a service that logs to host's streams.
func New(config Config, host *native.Host, loader Loader) *Service {
	s := &Service{config: config, host: host, loader: loader, slots: make(chan struct{}, mostOverlapping), uploads: make(chan struct{}, mostUploads)}
	s.turn.free.L = &s.turn.mu
	s.slowly = s.turn.slowly
	return s
}

// Preset sets the action before any /init; initialized tells whether the /init was seen to. It is called before
// requests are served.
func (s *Service) Preset(a native.Action, initialized bool) {
	s.action = a
	s.initialized.Store(initialized)
}

// mostOverlapping is how many runs may overlap. Each takes a thread, and in v0 a process and up to eight descriptors,
// of which a container has 1024 each.
const mostOverlapping = 64

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
	default:
		if !s.enqueue(r) {
			answerError(r, 503, textStopping)
		}
	}
}

// enqueue reports false when no run is taken any more.
func (s *Service) enqueue(r *http1.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.turn.add(r)
	return true
}

// Work implements http1.Handler: it serves the runs that wait, unless another thread does.
func (s *Service) Work(slow func()) {
	for s.turn.begin(slow) {
		for r := s.turn.next(); r != nil; r = s.turn.next() {
			s.serveRun(r, s.slowly)
		}
		s.turn.end()
		// A run that came since the last look found the turn taken.
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
