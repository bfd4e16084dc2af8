//go:build linux

package whisk

import (
	"sync/atomic"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
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
func (s *Service) patience(grace clock.Duration) native.Patience {
	half := max(0, grace/2)
	return native.Patience{AfterEOF: half, AfterTerm: half}
}

// Shutdown ends the service (rule 33): no run begins any more, the running one
// may end, and then the action sees the end of its input, SIGTERM, and SIGKILL
// when the grace is over. Runs that wait, and those that still come, are
// answered with 503: the platform sends them elsewhere.
func (s *Service) Shutdown() {
	end := clock.In(s.config.Grace)
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	waiting := s.turn.drain()
	for r := waiting.pop(); r != nil; r = waiting.pop() {
		answerError(r, 503, textStopping)
	}
	s.stopInit(end)
	// A run that does not end in time ends when its process does.
	var ended atomic.Bool
	endBy := func(sig syscall.Signal) func() {
		return func() {
			if !ended.Load() {
				s.Signal(sig)
			}
		}
	}
	clock.After(end.Left()*3/4, endBy(syscall.SIGTERM))
	clock.After(end.Left(), endBy(syscall.SIGKILL))
	s.turn.take()
	s.overlap.Wait()
	ended.Store(true)
	if s.action != nil {
		s.action.Stop(s.patience(end.Left()))
	}
	// The turn is kept: nothing runs any more. Answers that are under way to slow
	// clients may arrive.
	for s.Server != nil && s.Server.Sending() && end.Left() > 0 {
		clock.Sleep(5 * clock.Millisecond)
	}
}

// stopInit ends what an /init has started and waits for. It waits until the end
// at most for an /init that is still being sent.
func (s *Service) stopInit(end clock.Moment) {
	done := make(chan struct{})
	go func() {
		s.initializing.Lock()
		defer s.initializing.Unlock() // those that wait for it see that the service stops
		close(done)
	}()
	const again = 100 * clock.Millisecond // for what is only started now
	for end.Left() > 0 {
		passed := make(chan struct{})
		clock.After(again, func() { close(passed) })
		select {
		case <-done:
			return
		case <-passed:
			s.host.Signal(syscall.SIGTERM)
		}
	}
	s.host.Signal(syscall.SIGKILL)
}
