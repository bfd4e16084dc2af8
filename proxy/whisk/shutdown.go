//go:build linux

package whisk

import (
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

// Shutdown ends the service (rule 33): no run begins any more, the running one may end, and then the action sees the
// end of its input, SIGTERM, and SIGKILL when the grace is over. Runs that wait, those that still come, bodies that are
// being sent and an action that starts are answered with 503: the platform sends them elsewhere.
func (s *Service) Shutdown() {
	end := clock.In(s.config.Grace)
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.Server.Refuse(503, textStopping)
	s.loop.Post(func() {
		for s.queue.n > 0 {
			answerError(s.queue.pop(), 503, textStopping)
		}
	})
	// A run that does not end in time is asked to, or else ends when its process does.
	cancel := s.loop.After(end.Left()/2, func() {
		if s.action != nil {
			s.action.Cancel(nil)
		}
	})
	term := s.loop.After(end.Left()*3/4, func() { s.Signal(syscall.SIGTERM) })
	kill := s.loop.After(end.Left(), func() { s.Signal(syscall.SIGKILL) })
	s.stopInits(end)
	idle := make(chan struct{})
	s.whenIdle(func() { close(idle) })
	<-idle
	s.loop.Stop(cancel)
	s.loop.Stop(term)
	s.loop.Stop(kill)
	if s.action != nil {
		s.action.Stop(s.patience(end.Left()))
	}
	// Answers that are under way to slow clients may arrive.
	for (s.Server.Sending() || s.Server.Parting()) && end.Left() > 0 {
		clock.Sleep(5 * clock.Millisecond)
	}
}

// stopInits waits for the answers of inits that are being served, and ends the programs that they have started: with
// SIGTERM, and when three quarters of the time are over with SIGKILL.
func (s *Service) stopInits(end clock.Moment) {
	const most = 2                    // of those below that may come when nobody waits any more
	answered := make(chan bool, most) // or a while has passed
	go func() {
		s.inits.Wait()
		answered <- true
	}()
	for last := end.Left() / 4; ; {
		const again = 100 * clock.Millisecond // for programs that are only started now
		s.loop.After(again, func() { answered <- false })
		if <-answered {
			return
		}
		left := end.Left()
		if s.starting.Load() {
			s.host.Signal(signalAt(left, last))
		}
		if left == 0 {
			return
		}
	}
}

// signalAt returns the signal for an action that has so much time left; the last part is for the work after its end.
func signalAt(left, last clock.Duration) syscall.Signal {
	if left > last {
		return syscall.SIGTERM
	}
	return syscall.SIGKILL
}
