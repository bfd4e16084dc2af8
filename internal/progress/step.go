package progress

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// Step is a piece of work that takes time.
type Step struct {
	name   string
	began  time.Time
	took   time.Duration // set when it has ended
	detail string
	err    error
	note   atomic.Pointer[string]
	said   output
	view   view
}

// Start shows that a step begins.
func (d *Display) Start(name string) *Step {
	step := &Step{name: readable([]byte(name)), began: time.Now(), view: d.view}
	d.view.start(step)
	return step
}

// Note shows how far the step is, such as "3.1 MB of 9.4 MB", on a terminal alone.
func (s *Step) Note(text string) {
	text = readable([]byte(text))
	s.note.Store(&text)
}

// Write takes the output of the step's program. It never fails.
func (s *Step) Write(written []byte) (int, error) {
	if lines := s.said.add(written); len(lines) > 0 {
		s.view.output(s, lines)
	}
	return len(written), nil
}

// End shows that the step is done, with its result, or that it failed. It returns err. A step whose context was
// canceled is not to blame: it ends as with Cancel.
func (s *Step) End(detail string, err error) error {
	if errors.Is(err, context.Canceled) {
		s.Cancel()
		return err
	}
	if lines := s.said.add([]byte("\n")); len(lines) > 0 { // a last line without an end
		s.view.output(s, lines)
	}
	s.took, s.detail, s.err = time.Since(s.began), readable([]byte(detail)), err
	s.view.end(s)
	return err
}

// Cancel ends a step that nobody waits for any more, or that is done elsewhere. Only JSON tells it.
func (s *Step) Cancel() {
	s.took = time.Since(s.began)
	s.view.cancel(s)
}
