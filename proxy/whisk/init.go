//go:build linux

package whisk

import (
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// A Pieces gives the body of a request piece by piece, and io.EOF after the last.
type Pieces interface{ Next() ([]byte, error) }

// A Loader makes actions of what /init brings.
type Loader interface {
	// Load reads the body of an /init and gives an action that is ready for
	// runs, or the answer that says why there is none.
	Load(body Pieces) (native.Action, *Failure)
}

// init serves one /init. Those that come meanwhile wait for it: it may fail, and
// then the next may be good (rule 15).
func (s *Service) init(r *http1.Request, body *http1.Body) {
	s.initializing.Lock()
	defer s.initializing.Unlock()
	started, failed := s.tryInit(body)
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
	s.replace(started)
	s.initialized = true
	r.Answer(200, []byte("OK"))
	s.Work(nil) // runs that came while the action was put in its place
}

func (s *Service) tryInit(body *http1.Body) (native.Action, *Failure) {
	if s.isStopping() {
		return nil, &Failure{Status: 503, Text: textStopping}
	}
	if s.initialized && !s.config.Reinit {
		return nil, &Failure{Status: 403, Text: textTwice, Log: textTwice}
	}
	return s.loader.Load(body)
}

// replace puts an action in the place of the last one, when no run uses it.
func (s *Service) replace(next native.Action) {
	s.turn.Lock()
	s.overlap.Wait()
	last := s.action
	s.mu.Lock()
	s.action = next
	s.mu.Unlock()
	s.turn.Unlock()
	if last != nil {
		last.Stop(s.patience(s.config.Grace))
	}
}
