//go:build linux

package native

import "syscall"

// A mortal is a long-lived child with its output, and how it ended.
type mortal struct {
	child *process
	in    lineBuffer
	runs  failing

	dead   string        // how the child ended, once that is known
	ending chan struct{} // closed then; nil before its end has begun
}

// failing are the runs that a child has.
type failing interface {
	fail(err error) // ends them
}

// died finds out how the child ended, and keeps the reason. before tells that it had ended before its run.
func (m *mortal) died(before bool) {
	m.finish(func() (string, error) {
		reason := m.child.quit()
		return reason, &ExitError{Reason: reason, Before: before}
	})
}

// tooLong ends a child whose line is longer than it may be.
func (m *mortal) tooLong(err error) {
	m.finish(func() (string, error) {
		m.child.signal(syscall.SIGKILL)
		m.child.stop(Patience{})
		m.in.drop()
		return err.(*LengthError).reason(), err
	})
}

// finish has the child ended beside the loop, by end, which returns the reason and the error for its runs.
func (m *mortal) finish(end func() (string, error)) {
	m.child.part()
	m.ending = make(chan struct{})
	go func() {
		reason, err := end()
		m.child.host.Loop.Post(func() {
			m.dead = reason
			m.in.clear(false)
			close(m.ending)
			m.runs.fail(err)
		})
	}()
}

// Signal implements Action.
func (m *mortal) Signal(s syscall.Signal) { m.child.pass(s) }

// Stop implements Action.
func (m *mortal) Stop(p Patience) {
	var ending chan struct{}
	m.child.host.Loop.Do(func() {
		if ending = m.ending; ending == nil {
			m.child.part()
			m.dead, m.ending = "it was stopped", make(chan struct{})
		}
	})
	if ending == nil {
		m.child.stop(p)
		close(m.ending)
		return
	}
	<-ending
}
