//go:build linux

package native

import (
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
)

// Cancels implements Action.
func (l *Lines) Cancels() bool { return true }

// Cancel implements Action.
func (l *Lines) Cancel(r *Run) {
	if r == nil {
		for _, o := range l.open {
			l.cancel(o)
		}
	} else if r.open != nil {
		l.cancel(r.open)
	}
}

func (l *Lines) cancel(o *openRun) {
	if o.cancelled || l.ending != nil {
		return
	}
	o.cancelled = true
	if l.held { // its end is awaited
		l.Hold(nil, false)
	}
	if l.feed.drop(o) { // the child has seen nothing of it
		l.over(o, nil, errUnseen)
		return
	}
	l.feed.cancel(o.id)
	l.send()
}

// A CancelError is how a run fails that was cancelled before the action had it.
type CancelError struct{}

func (*CancelError) Error() string { return "the run was cancelled before the action took it" }

var errUnseen = &CancelError{}

// Hold implements Action.
func (l *Lines) Hold(r *Run, hold bool) bool {
	if hold == l.held {
		return hold
	}
	if hold && (len(l.open) > 1 || r.open.cancelled) {
		return false
	}
	l.held = hold
	if l.pause(hold); !hold {
		l.child.host.Loop.Post(l.goOn)
	}
	return hold
}

// goOn sees to the lines that came while lines were held.
func (l *Lines) goOn() {
	if l.held || l.ending != nil {
		return
	}
	if l.lines(); l.gone {
		l.ends()
	}
}

// watch has a run cancelled before its deadline, so that its end can still be the answer.
func (l *Lines) watch(o *openRun) {
	if o.run.open != o || o.run.Deadline == 0 {
		return
	}
	const most = 1000 // milliseconds
	left := o.run.Deadline - clock.UnixMilli()
	o.cancelAt = o.run.Deadline - min(max(0, left)/10, most)
	l.alarm.set(l.child.host.Loop, o.cancelAt, l.ring)
}

// ring cancels the runs whose deadline is near.
func (l *Lines) ring() {
	now := clock.UnixMilli()
	for _, o := range l.open {
		switch {
		case o.cancelAt == 0 || o.cancelled:
		case o.cancelAt <= now:
			l.cancel(o)
		default:
			l.alarm.set(l.child.host.Loop, o.cancelAt, l.ring)
		}
	}
}

// An alarm is one timer for several deadlines.
type alarm struct {
	at    int64 // milliseconds since 1970
	timer *epoll.Timer
}

// set has f called at a time, or earlier.
func (a *alarm) set(loop *epoll.Loop, at int64, f func()) {
	if a.timer != nil && a.at <= at {
		return
	}
	a.stop(loop)
	const most = 1 << 40 // more is no Duration
	a.at = at
	a.timer = loop.After(clock.Duration(min(max(0, at-clock.UnixMilli()), most))*clock.Millisecond, func() {
		a.timer = nil
		f()
	})
}

func (a *alarm) stop(loop *epoll.Loop) {
	if a.timer != nil {
		loop.Stop(a.timer)
		a.timer = nil
	}
}
