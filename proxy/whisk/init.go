//go:build linux

package whisk

import (
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// A Pieces returns the body of a request piece by piece, and io.EOF after the last.
type Pieces interface{ Next() ([]byte, error) }

// A Loader makes actions of the bodies of /init.
type Loader interface {
	// Load reads the body of an /init and returns an action that is ready for runs, or the answer that says why there
	// is none. When it has read all of the body it calls begin, and goes on if that returns no failure.
	Load(body Pieces, begin func() *Failure) (native.Action, *Failure)
	// Baked returns the action of the image that can run without an /init (v0), nil for none.
	Baked() native.Action
}

// mostUploads is how many bodies of an /init are read at the same time.
const mostUploads = 16

// init serves one /init. Those that come meanwhile wait, once they are read: it may fail, and then the next may be good
// (rule 15).
func (s *Service) init(r *http1.Request, body *http1.Body) {
	if !s.begins() {
		answerError(r, 503, textStopping)
		return
	}
	defer s.inits.Done()
	s.uploads <- struct{}{}
	defer func() { <-s.uploads }()
	failed := s.mayInit()
	var started native.Action
	if failed == nil {
		begun := false
		started, failed = s.loader.Load(body, func() *Failure {
			s.initializing.Lock()
			begun = true
			s.starting.Store(true)
			return s.mayInit()
		})
		s.starting.CompareAndSwap(begun, false)
		if begun {
			defer s.initializing.Unlock()
		}
	}
	if failed != nil && s.isStopping() { // it was stopped while it began
		failed = &Failure{Status: 503, Text: textStopping}
	}
	if failed != nil {
		s.fail(r, *failed)
		return
	}
	if next, ok := started.(*native.Replacement); ok {
		s.become(r, next)
		return
	}
	if !s.replace(started) {
		answerError(r, 503, textStopping)
		return
	}
	s.initialized.Store(true)
	r.Answer(200, []byte("OK"))
}

// begins counts an /init that is served now, unless the service stops.
func (s *Service) begins() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopping {
		s.inits.Add(1)
	}
	return !s.stopping
}

// mayInit says why no /init is taken, if none is.
func (s *Service) mayInit() *Failure {
	if s.isStopping() {
		return &Failure{Status: 503, Text: textStopping}
	}
	if s.initialized.Load() && !s.config.Reinit {
		return &Failure{Status: 403, Text: textTwice, Log: textTwice}
	}
	return nil
}

// replace puts an action in the place of the last one, when no run uses it. It reports false when the service stops by
// then: the new action is ended instead.
func (s *Service) replace(next native.Action) bool {
	replaced := make(chan bool, 1)
	last := next
	s.whenIdle(func() {
		s.mu.Lock()
		stopping := s.stopping
		if !stopping {
			last, s.action = s.action, next
		}
		s.mu.Unlock()
		replaced <- !stopping
	})
	ok := <-replaced
	if last != nil {
		last.Stop(s.patience(s.config.Grace))
	}
	return ok
}
