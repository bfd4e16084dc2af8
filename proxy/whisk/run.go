//go:build linux

package whisk

import (
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// serveRun serves one run, or starts it where runs may overlap. The caller holds the turn. slow is as in native.Action.
func (s *Service) serveRun(r *http1.Request, slow func()) {
	if s.action == nil && !s.useBaked() {
		s.fail(r, s.config.protocol().beforeInit())
		return
	}
	overlaps := s.config.Concurrent && s.action.Overlaps()
	if overlaps {
		select {
		case s.slots <- struct{}{}:
		default: // as many as there may be: this one waits
			if slow != nil {
				slow()
			}
			s.slots <- struct{}{}
		}
	}
	if !s.mayRun(slow) {
		if overlaps {
			<-s.slots
		}
		answerError(r, 503, textStopping)
		return
	}
	if a := s.action; overlaps {
		s.overlap.Add(1)
		go func() {
			defer s.overlap.Done()
			defer func() { <-s.slots }()
			s.run(r, a, nil)
		}()
		return
	}
	s.run(r, s.action, slow)
}

// mayRun waits until answers that clients do not take leave room for another, and reports false when the service stops
// meanwhile.
func (s *Service) mayRun(slow func()) bool {
	return (s.Server == nil || s.Server.AwaitRoom(slow)) && !s.isStopping()
}

// run gives a request to the action and answers it. Its log is complete, with the sentinels at its end, before the
// answer goes out: for images of users the platform reads what is there when the answer comes (rule 34).
func (s *Service) run(r *http1.Request, action native.Action, slow func()) {
	request, failed := s.readRun(r.Body)
	if failed != nil {
		s.failRun(r, *failed)
		return
	}
	ahead := request.deadline > 0 && clock.UnixMilli() < request.deadline
	b, err := action.Run(request.Activation, slow)
	if ahead {
		s.noteDeadline(request.deadline)
	}
	switch {
	case err != nil:
		s.failRun(r, s.runFailure(err))
	case !isResult(b[native.HeadRoom:]):
		s.badResult(b[native.HeadRoom:])
		s.failRun(r, Failure{Status: 502, Text: textNoResult})
		action.Settle(b, true)
	default:
		s.host.Logs.Sentinels()
		free := r.Send(200, trimEnd(b), native.HeadRoom)
		action.Settle(b, free)
	}
}

// failRun answers a run with a failure, after the end of its log.
//
//go:noinline
func (s *Service) failRun(r *http1.Request, f Failure) {
	f.Sentinels = true
	s.fail(r, f)
}

// isResult reports whether a line is an object or an array (rule 28).
func isResult(line []byte) bool {
	kind := jsonscan.Kind(line)
	return (kind == '{' || kind == '[') && jsonscan.Check(line) == nil
}

func trimEnd(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\r' || b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// badResult shows a line that is no result in the log, but for ActionLoop, whose runtimes want an empty one (rule 28).
func (s *Service) badResult(line []byte) {
	const most = 64 << 10
	if len(line) > 0 && s.config.protocol() != ActionLoop {
		s.host.Logs.Line(native.Stdout, string(line[:min(len(line), most)]))
	}
}

func (s *Service) runFailure(err error) Failure {
	switch err := err.(type) {
	case *native.ExitError:
		f := s.config.protocol().exited(err.Reason, err.Before)
		if s.config.Debug {
			f.Log = err.Error()
		}
		return f
	case *native.StartError: // a process for this run
		return Failure{Status: 502, Text: textNoResult, Log: err.Error()}
	}
	return Failure{Status: 502, Text: err.Error()}
}

// fail answers with a failure, after its log.
func (s *Service) fail(r *http1.Request, f Failure) {
	if f.Log != "" {
		s.host.Logs.Line(native.Stderr, f.Log)
	}
	if f.Sentinels {
		s.host.Logs.Sentinels()
	}
	answerError(r, f.Status, f.Text)
}

// runRequest is the body of a /run, taken apart.
type runRequest struct {
	native.Activation
	deadline int64 // milliseconds since 1970, 0 for none
}

// readRun takes a body apart. It makes one line of it, in place.
func readRun(body []byte) (runRequest, *Failure) {
	var r runRequest
	body = jsonscan.Trim(body)
	if len(body) == 0 {
		body = []byte(`{"value":{}}`)
	}
	r.Body = body
	members := jsonscan.Object(body)
	for members.Next() {
		switch string(members.Key) {
		case "value":
			r.Value = members.Value
		case "deadline":
			r.deadline = deadline(members.Value)
		}
	}
	if err := members.Err(); err != nil {
		return r, &Failure{Status: 400, Text: "Error unmarshaling request: " + err.Error()}
	}
	jsonscan.OneLine(body)
	switch jsonscan.Kind(r.Value) {
	case '{', '[':
	case 0, 'n': // rule 27
		r.Value = []byte("{}")
		r.Body = withValue(body)
	default:
		return r, &Failure{Status: 404, Text: textNoArgument}
	}
	return r, nil
}

// withValue returns a request that has no value, or null for it, with an empty one.
func withValue(body []byte) []byte {
	out := append(make([]byte, 0, len(body)+32), `{"value":{}`...)
	members := jsonscan.Object(body)
	for members.Next() {
		if string(members.Key) == "value" {
			continue
		}
		out = append(out, ',')
		out = jsonscan.AppendQuoted(out, string(members.Key))
		out = append(append(out, ':'), members.Value...)
	}
	return append(out, '}')
}

// deadline reads a number, or a string that holds one (rule 24). Another value is no deadline.
func deadline(raw []byte) (ms int64) {
	if jsonscan.Kind(raw) == '"' {
		raw = raw[1 : len(raw)-1]
	}
	for _, c := range raw {
		if c < '0' || c > '9' || ms > 1<<53 {
			return 0
		}
		ms = ms*10 + int64(c-'0')
	}
	return ms
}

// noteDeadline logs that a run ended after its deadline, in milliseconds since 1970, which was ahead when it began.
// Ending it is the platform's affair.
func (s *Service) noteDeadline(deadline int64) {
	if over := clock.UnixMilli() - deadline; over > 0 {
		s.host.Logs.Line(native.Stderr, "the action answered "+strconv.FormatInt(over, 10)+" ms after its deadline")
	}
}
