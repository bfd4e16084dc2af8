//go:build linux

package whisk

import (
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
)

// The service looks for readers that take nothing of their stream every now and then. Time is counted in looks, since a
// container may be paused.
const (
	everyLook    = 500 * clock.Millisecond
	looksConnect = 3  // in vain, for a connection
	looksWanted  = 3  // for one whose action waits while other runs want it
	looksTaken   = 19 // for any other
)

// watch puts the reader of a stream under watch.
func (s *Service) watch(r *run) {
	if r.watched {
		return
	}
	r.watched = true
	if s.watched = append(s.watched, r); len(s.watched) == 1 {
		s.loop.After(everyLook, s.look)
	}
}

// look looks after the readers of streams.
func (s *Service) look() {
	all := s.watched
	s.watched = nil
	for _, r := range all {
		r.watched = false
		if r.way == nil { // it is over
			continue
		}
		_, unsent := r.way.untaken()
		if r.looks++; unsent != r.unsent {
			r.looks, r.unsent = 0, unsent
		}
		most, reason := looksTaken, textIdle
		switch w, _ := r.way.(*socket); {
		case r.lost != "" || unsent == 0 || w == nil && !r.held:
			r.taken()
			continue
		case w != nil && !w.connected:
			most, reason = looksConnect, textNoConnection
		case r.held:
			if reason = textSlow; s.queue.n > 0 {
				most = looksWanted
			}
		}
		if r.looks < most {
			s.watch(r)
			continue
		}
		held := r.held
		if r.way.lose(reason); held {
			r.goOn()
		}
	}
}

// Reasons why a stream ends before its run.
const (
	textIdle         = "the reader of the stream took nothing of it for 10 s"
	textNoConnection = "no stream goes to STREAM_HOST: no connection within 2 s"
)

// hasLeft drops a request that still waits and whose client has left, where the action knows that its result can be
// unwanted.
func (s *Service) hasLeft(r *http1.Request) bool {
	if !r.HasLeft() || s.action == nil || !s.action.Cancels() {
		return false
	}
	r.Drop()
	return true
}
