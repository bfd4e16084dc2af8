//go:build linux

package whisk

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

// Signals returns the signals that Received is to be called with, from before anybody can connect, so that none is
// missed.
func (s *Service) Signals() []syscall.Signal {
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGQUIT}
	if s.host.Orphans {
		signals = append(signals, syscall.SIGCHLD)
	}
	return signals
}

// Received sees to a signal that the process got: SIGTERM and SIGINT shut the service down, after which exit is called;
// others are passed on to the action. A process 1 also collects orphans (rule 38). Signals are given one after the
// other.
func (s *Service) Received(signal syscall.Signal, exit func()) {
	switch signal {
	case syscall.SIGCHLD:
		s.host.Reap()
	case syscall.SIGTERM, syscall.SIGINT:
		if s.ending { // asked twice: at once
			s.Signal(syscall.SIGKILL)
			s.host.Signal(syscall.SIGKILL) // an action that starts
			return
		}
		s.ending = true
		// Whatever hangs, such as a log that nobody reads: the container ends.
		clock.After(s.config.Grace+clock.Second, exit)
		go func() {
			s.Shutdown()
			exit()
		}()
	default:
		s.Signal(signal)
	}
}
