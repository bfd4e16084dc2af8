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
		answerError(r, 503, textStopping)
	}
	s.stopInit(end)
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
	// The turn is kept: nothing runs any more. Answers that are under way to slow
	// clients may arrive.
	for s.Server != nil && s.Server.Sending() && time.Now().Before(end) {
		time.Sleep(5 * time.Millisecond)
	}
}

// stopInit ends what an /init has started and waits for. It waits until the end
// at most for an /init that is still being sent.
func (s *Service) stopInit(end time.Time) {
	done := make(chan struct{})
	go func() {
		s.initializing.Lock()
		defer s.initializing.Unlock() // those that wait for it see that the service stops
		close(done)
	}()
	const again = 100 * time.Millisecond // for what is only started now
	for time.Now().Before(end) {
		select {
		case <-done:
			return
		case <-time.After(again):
			s.host.Signal(syscall.SIGTERM)
		}
	}
	s.host.Signal(syscall.SIGKILL)
}
