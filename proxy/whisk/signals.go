//go:build linux

package whisk

import (
	"os"
	"os/signal"
	"syscall"
)

// Signals sees to the signals of the process from now on: SIGTERM and SIGINT shut
// the service down, after which exit is called; others are passed on to the
// action. A process 1 also collects orphans (rule 38). It is called before
// anybody can connect, so that no signal is missed.
func (s *Service) Signals(exit func()) {
	c := make(chan os.Signal, 16)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGQUIT)
	if s.host.Orphans {
		signal.Notify(c, syscall.SIGCHLD)
	}
	go s.signals(c, exit)
}

func (s *Service) signals(c <-chan os.Signal, exit func()) {
	ending := false
	for received := range c {
		switch received {
		case syscall.SIGCHLD:
			s.host.Reap()
		case syscall.SIGTERM, syscall.SIGINT:
			if ending { // asked twice: at once
				s.Signal(syscall.SIGKILL)
				continue
			}
			ending = true
			go func() {
				s.Shutdown()
				exit()
			}()
		default:
			s.Signal(received.(syscall.Signal))
		}
	}
}
