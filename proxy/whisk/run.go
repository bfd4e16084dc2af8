//go:build linux

package whisk

import (
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// A run is what has become of a request to /run.
type run struct {
	native.Run
	service  *Service
	request  *http1.Request
	deadline int64 // that was ahead when the run began, in milliseconds since 1970
	next     *run  // in the list of those that are free
}

// start gives a request to the action.
func (s *Service) start(request *http1.Request) {
	read, failed := s.readRun(request.Body)
	if failed != nil {
		s.failRun(request, *failed)
		return
	}
	r := s.free
	if r == nil {
		r = &run{service: s}
		r.Owner = r
	} else {
		s.free = r.next
	}
	r.request, r.Activation, r.deadline = request, read.Activation, 0
	if read.deadline > 0 && clock.UnixMilli() < read.deadline {
		r.deadline = read.deadline
	}
	s.open++
	s.action.Start(&r.Run)
}

// Done implements native.Owner: it answers the request. The log is complete, with the sentinels at its end, before the
// answer goes out: for images of users the platform reads what is there when the answer comes (rule 34).
func (r *run) Done(b []byte, err error) {
	s := r.service
	if r.deadline > 0 {
		s.noteDeadline(r.deadline)
	}
	failed := Failure{Status: 502, Text: textNoResult}
	switch {
	case err != nil:
		failed = s.runFailure(err)
		s.log(failed)
	case !isResult(b[native.HeadRoom:]):
		s.badResult(b[native.HeadRoom:])
	default:
		failed.Status = 200
	}
	s.host.Logs.Sentinels()
	if s.host.Logs.Pending() {
		r.answerLater(b, failed, err)
		return
	}
	r.answer(b, failed, err)
}

// answerLater ends the run when its log is out.
func (r *run) answerLater(b []byte, failed Failure, err error) {
	r.service.host.Logs.AfterDrain(func() { r.answer(b, failed, err) })
}

// answer ends the run.
func (r *run) answer(b []byte, failed Failure, err error) {
	s := r.service
	free := true
	if failed.Status == 200 {
		free = r.request.Send(200, trimEnd(b), native.HeadRoom)
	} else {
		answerError(r.request, failed.Status, failed.Text)
	}
	if err == nil {
		s.action.Settle(b, free)
	}
	r.request, r.Activation = nil, native.Activation{}
	r.next, s.free = s.free, r
	s.open--
	s.becomeIdle()
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

// log logs what a failure has for the log.
func (s *Service) log(f Failure) {
	if f.Log != "" {
		s.host.Logs.Line(native.Stderr, f.Log)
	}
}

// fail answers with a failure, after its log.
func (s *Service) fail(r *http1.Request, f Failure) {
	s.log(f)
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
