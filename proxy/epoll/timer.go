//go:build linux

package epoll

import (
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

// timers are the functions that are called later. There are few at a time, and mostly none: then no wait for events
// needs to know the time.
type timers struct {
	mu  sync.Mutex
	all []*Timer
}

// A Timer is a call that is due once.
type Timer struct {
	at clock.Moment
	f  func()
}

// After has the loop call f when d is over. Any goroutine may call it.
func (l *Loop) After(d clock.Duration, f func()) *Timer {
	t := &Timer{at: clock.In(d), f: f}
	l.timers.mu.Lock()
	l.timers.all = append(l.timers.all, t)
	l.timers.mu.Unlock()
	l.Post(func() {}) // it may wait for longer
	return t
}

// Stop forgets a timer that was not called yet.
func (l *Loop) Stop(t *Timer) {
	s := &l.timers
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range s.all {
		if other == t {
			s.all = append(s.all[:i], s.all[i+1:]...)
			return
		}
	}
}

// run makes the calls that are due, and returns the time until the next one in milliseconds, -1 when there is none.
func (s *timers) run() int {
	for {
		s.mu.Lock()
		var first int
		for i, t := range s.all {
			if t.at < s.all[first].at {
				first = i
			}
		}
		if len(s.all) == 0 {
			s.mu.Unlock()
			return -1
		}
		t := s.all[first]
		if left := t.at.Left(); left > 0 {
			s.mu.Unlock()
			return int(min(left/clock.Millisecond, 1<<30)) + 1
		}
		s.all = append(s.all[:first], s.all[first+1:]...)
		s.mu.Unlock()
		t.f()
	}
}
