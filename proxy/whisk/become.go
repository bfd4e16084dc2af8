//go:build linux

package whisk

import (
	"strconv"
	"strings"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// become ends this program in favour of another, which answers r once it is ready (rule 36). Nothing is lost: the
// sockets stay open, and runs that were read are answered first. From here on there is no way back, so a failure ends
// the container.
func (s *Service) become(r *http1.Request, next *native.Replacement) {
	s.whenIdle(func() {
		for s.queue.n > 0 {
			s.fail(s.queue.pop(), s.config.protocol().beforeInit())
		}
		note := Bequest{Env: s.config.Env, Until: next.Until}.note()
		file, err := s.Server.Handover(r, note, 403, errorBody(textTwice))
		if err == nil {
			err = next.Exec(file)
		}
		reason := "cannot start action: it could not take over: " + err.Error()
		s.host.Logs.Line(native.Stderr, reason)
		r.AnswerLast(502, errorBody(reason))
		syscall.Exit(1)
	})
	select {} // the loop takes it from here
}

// ExecLimit returns how long the /init of a program that serves requests itself may take; a negative one means none.
func (c *Config) ExecLimit(env [][2]string) clock.Duration { return c.startLimit(Exec, env) }

// A Bequest is the information beside the connections for a program that takes the proxy's place.
type Bequest struct {
	// Env is the environment of the container. The settings of the server are taken from it, and not from the program's
	// own, which has init's env: that is the action's affair.
	Env []string
	// Until is when /init has to be answered, 0 for no limit.
	Until clock.Moment
}

// note returns a Bequest as text: the moment and the variables, with a zero byte between them.
func (b Bequest) note() []byte {
	note := strconv.AppendInt(nil, int64(b.Until), 10)
	for _, v := range b.Env {
		note = append(append(note, 0), v...)
	}
	return note
}

// ReadBequest reads the note of a handover (http1.Note).
func ReadBequest(note []byte) (b Bequest, ok bool) {
	until, env, ok := strings.Cut(string(note), "\x00")
	n, err := strconv.ParseInt(until, 10, 64)
	return Bequest{Env: strings.Split(env, "\x00"), Until: clock.Moment(n)}, ok && err == nil
}
