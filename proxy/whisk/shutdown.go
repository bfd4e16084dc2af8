//go:build linux

package whisk

import (
	"syscall"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

func (s *Service) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// Signal passes a signal on to the action.
func (s *Service) Signal(sig syscall.Signal) {
	s.mu.Lock()
	a := s.action
	s.mu.Unlock()
	if a != nil {
		a.Signal(sig)
	}
}

// patience divides the time that an action has for its end.
func (s *Service) patience(grace time.Duration) native.Patience {
	half := max(0, grace/2)
	return native.Patience{AfterEOF: half, AfterTerm: half}
}

// Shutdown ends the service (rule 33): no run begins any more, the running one
// may end, and then the action sees the end of its input, SIGTERM, and SIGKILL
// when the grace is over. Runs that wait, and those that still come, are
// answered with 503: the platform sends them elsewhere.
func (s *Service) Shutdown() {
	end := time.Now().Add(s.config.Grace)
	s.mu.Lock()
	s.stopping = true
	waiting := s.queue
	s.queue = queue{}
	s.mu.Unlock()
	for r := waiting.pop(); r != nil; r = waiting.pop() {
		answerError(r, 503, "the action is shutting down")
	}
	// A run that does not end in time ends when its process does.
	overdue := time.AfterFunc(time.Until(end)*3/4, func() { s.Signal(syscall.SIGTERM) })
	killer := time.AfterFunc(time.Until(end), func() { s.Signal(syscall.SIGKILL) })
	s.turn.Lock()
	s.overlap.Wait()
	overdue.Stop()
	killer.Stop()
	if s.action != nil {
		s.action.Stop(s.patience(time.Until(end)))
	}
	// The turn is kept: nothing runs any more.
}
