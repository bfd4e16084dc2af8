//go:build linux

package whisk

import (
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
)

// A way is how the stream of a run reaches whoever reads it.
type way interface {
	begin(h stream.Header)
	// add takes a piece, and a LF after it if line says so. It returns how much of the stream is kept, for it was not
	// taken, or why the stream ends here.
	add(piece []byte, line bool) (kept int, lost string)
	// whole returns the answer in place of b, nil where b is it. It may log.
	whole(b []byte, failed Failure) []byte
	// ends ends the stream. It reports false where the answer is still to be sent.
	ends(b []byte, failed Failure) bool
	// waits reports whether the answer has to wait until then is called.
	waits(then func()) bool
	// untaken returns how many bytes are kept for the reader, and how many it has not taken, those on their way
	// included.
	untaken() (kept, all int)
	// lose ends the stream before the run's end.
	lose(reason string)
}

// mostKept is how much of a stream is kept for a reader who does not take it, in bytes.
const mostKept = 1 << 20

// mostKeptOfAll is how much is kept of all streams, before none may keep more than a little.
const mostKeptOfAll = 16 * mostKept

// textSlow is the error of a stream whose reader was too slow.
const textSlow = "the reader of the stream left more than 1 MiB of it untaken"

// Begin implements native.Owner.
func (r *run) Begin(h stream.Header) {
	if r.stream(); r.lost == "" {
		r.way.begin(h)
	}
}

// Piece implements native.Owner.
func (r *run) Piece(b []byte, line bool) {
	r.stream()
	if r.lost != "" {
		return
	}
	kept, lost := r.way.add(b, line)
	if r.keeps(kept); kept > mostKept || kept > mostKept/16 && r.service.kept > mostKeptOfAll {
		if r.held = r.service.action.Hold(&r.Run, true); !r.held {
			lost = textSlow
		}
	}
	if lost != "" {
		r.way.lose(lost)
	} else if _, ok := r.way.(*socket); r.held || ok && kept > 0 {
		r.service.watch(r)
	}
}

// keeps counts how much of the run's stream is kept.
func (r *run) keeps(kept int) {
	r.service.kept += kept - r.kept
	r.kept = kept
}

// taken has an action go on that waits for the reader of its stream.
func (r *run) taken() {
	kept, _ := r.way.untaken()
	if r.keeps(kept); r.held && kept <= mostKept/2 {
		r.goOn()
	}
}

func (r *run) goOn() {
	r.held = false
	r.service.action.Hold(&r.Run, false)
}

// Those who take nothing of a stream are looked for every now and then. Time is counted in looks, as a container may be
// paused.
const (
	everyLook    = 500 * clock.Millisecond
	looksConnect = 3  // in vain, for a connection
	looksHeld    = 3  // for one whose action waits
	looksTaken   = 19 // for any other of a streamer
)

// watch has the reader of a stream looked after.
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
			most, reason = looksHeld, textSlow
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

// stream chooses how the run's stream reaches its reader.
func (r *run) stream() {
	switch {
	case r.way != nil:
	case r.request.TakesChunks():
		r.way = &chunked{direct{r}}
	default:
		r.way = &collected{direct: direct{r}, into: stream.Collection{Max: r.service.config.StreamMax}}
	}
}

// direct is a way on which the answer itself has the stream.
type direct struct{ run *run }

func (d direct) waits(func()) bool { return false }

// lose implements way: what was sent is all, and the run is asked to end soon.
func (d direct) lose(reason string) {
	d.run.lost = reason
	d.run.service.action.Cancel(&d.run.Run)
}

// collected is the way to who takes answers of one piece: the stream becomes a member of the result.
type collected struct {
	direct
	into stream.Collection
}

func (c *collected) untaken() (kept, all int) { return 0, 0 }

func (c *collected) begin(h stream.Header) { c.into.Begin(h) }

func (c *collected) add(piece []byte, line bool) (kept int, lost string) {
	if !c.into.Add(piece, line) {
		return 0, stream.TooLong
	}
	return 0, ""
}

func (c *collected) whole(b []byte, failed Failure) []byte {
	if failed.Status != 200 {
		return nil
	}
	answer, note := c.into.Append(make([]byte, native.HeadRoom), trimEnd(b)[native.HeadRoom:])
	c.run.logLine(native.Stderr, note)
	return answer
}

func (c *collected) ends([]byte, Failure) bool { return false }

// chunked is the way to who asks for a stream: chunks, and the result in the trailer.
type chunked struct{ direct }

func (c *chunked) untaken() (kept, all int) { return c.run.request.Kept(), c.run.request.Untaken() }

func (c *chunked) begin(h stream.Header) {
	status := h.Status
	if status == 0 {
		status = 200
	}
	fields := append(h.AppendFields(nil), "Trailer: OpenWhisk-Status, OpenWhisk-Result, OpenWhisk-Result-Length\r\n"...)
	c.run.begun = true
	c.run.request.Begin(status, fields)
}

func (c *chunked) add(piece []byte, line bool) (kept int, lost string) {
	if !c.run.begun {
		c.begin(stream.Header{})
	}
	c.run.request.Add(stream.AppendChunk(nil, piece, line))
	return c.run.request.Kept(), ""
}

func (c *chunked) whole([]byte, Failure) []byte { return nil }

func (c *chunked) ends(b []byte, failed Failure) bool {
	r := c.run
	switch {
	case !r.begun:
		return false
	case failed.Status != 200:
		b = errorBody(failed.Text)
	case r.lost != "":
		b = errorBody(r.lost)
	default:
		b = trimEnd(b)[native.HeadRoom:]
	}
	r.request.End(stream.AppendEnd(nil, b))
	return true
}

// hasLeft drops a request that still waits and whose client has left, where the action knows that its result can be
// unwanted.
func (s *Service) hasLeft(r *http1.Request) bool {
	if !r.HasLeft() || s.action == nil || !s.action.Cancels() {
		return false
	}
	r.Drop()
	return true
}
