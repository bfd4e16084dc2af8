//go:build linux

package whisk

import (
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// A run is a request to /run that the action works on.
type run struct {
	native.Run
	service *Service
	request *http1.Request
	way     way    // of its stream, nil until it has one
	lost    string // why no more of the stream is taken, "" where it is
	begun   bool   // its answer in chunks
	kept    int    // bytes of the stream
	held    bool   // the action waits until its reader has taken some
	watched bool   // the reader is looked after
	unsent  int    // how much of the stream it had not taken at the last look
	looks   int    // in vain
	next    *run   // in the list of those that are free
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
		r = &run{service: s, unsent: -1}
		r.Owner = r
	} else {
		s.free = r.next
	}
	r.request, r.Activation = request, read.Activation
	if r.Deadline > 0 && r.Deadline <= clock.UnixMilli() {
		r.Deadline = 0 // past, as in tests of the platform
	}
	s.open++
	if s.action.Cancels() {
		request.Left = func() { s.action.Cancel(&r.Run) }
		request.Taken = r.taken
	}
	if s.config.StreamHosts != nil {
		if err := r.dial(); err != nil {
			s.startLost(r, err.Error())
			return
		}
	}
	s.action.Start(&r.Run)
}

// startLost starts a run whose stream reaches nobody.
func (s *Service) startLost(r *run, reason string) {
	request := r.request
	r.lost = reason
	s.action.Start(&r.Run)
	if s.flush(); r.request == request { // it is not over
		r.logLine(native.Stderr, reason)
		s.action.Cancel(&r.Run)
	}
}

// Done implements native.Owner: it answers the request. The log is complete, with the sentinels at its end, before the
// answer goes out: for images of users the platform reads the log as it is when the answer comes (rule 34).
func (r *run) Done(b []byte, err error) {
	s := r.service
	if r.Deadline > 0 {
		r.noteDeadline()
	}
	failed := Failure{Status: 502, Text: textNoResult}
	switch {
	case err != nil:
		failed = s.runFailure(err)
		r.logLine(native.Stderr, failed.Log)
	case !isResult(b[native.HeadRoom:]):
		s.badResult(r, b[native.HeadRoom:])
	default:
		failed.Status = 200
	}
	if r.way != nil {
		if whole := r.way.whole(b, failed); whole != nil { // which takes the place of the action's
			s.action.Settle(b, true)
			b, err = whole, errSettled
		}
	}
	if r.Log != nil {
		s.host.Logs.Block(r.Log)
	} else {
		s.host.Logs.Sentinels()
	}
	if s.host.Logs.Pending() {
		r.answerLater(b, failed, err)
		return
	}
	r.answer(b, failed, err)
}

// logLine writes a line of the proxy's own to the log of the run.
//
//go:noinline
func (r *run) logLine(stream int, text string) {
	switch {
	case text == "":
	case r.Log != nil:
		r.Log.Line([]byte(text))
	default:
		r.service.host.Logs.Line(stream, text)
	}
}

// errSettled marks an answer whose memory is not the action's.
var errSettled = &native.CancelError{}

// answerLater ends the run when its log is out.
func (r *run) answerLater(b []byte, failed Failure, err error) {
	r.service.host.Logs.AfterDrain(func() { r.answer(b, failed, err) })
}

// answer ends the run.
func (r *run) answer(b []byte, failed Failure, err error) {
	s := r.service
	if r.way != nil && r.way.waits(func() { r.answer(b, failed, err) }) {
		return
	}
	r.keeps(0)
	free := true
	switch {
	case r.way != nil && r.way.ends(b, failed):
	case failed.Status == 200:
		free = r.request.Send(200, trimEnd(b), native.HeadRoom)
	default:
		answerError(r.request, failed.Status, failed.Text)
	}
	if err == nil {
		s.action.Settle(b, free)
	}
	*r = run{service: s, Run: native.Run{Owner: r}, next: s.free, watched: r.watched, unsent: -1}
	s.free = r
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
func (s *Service) badResult(r *run, line []byte) {
	const most = 64 << 10
	if len(line) > 0 && s.config.protocol() != ActionLoop {
		r.logLine(native.Stdout, string(line[:min(len(line), most)]))
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

// log writes a failure's line into the log.
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
type runRequest struct{ native.Activation }

// splitRun takes a body apart. It makes one line of it, in place.
func splitRun(body []byte) (runRequest, *Failure) {
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
			r.Deadline = deadline(members.Value)
		case "activation_id":
			r.ID = members.Value
		case "namespace":
			r.Namespace = members.Value
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

// noteDeadline logs that a run ended after its deadline, which was ahead when it began. Ending it is the platform's
// affair.
func (r *run) noteDeadline() {
	if over := clock.UnixMilli() - r.Deadline; over > 0 {
		r.logLine(native.Stderr, "the action answered "+strconv.FormatInt(over, 10)+" ms after its deadline")
	}
}
