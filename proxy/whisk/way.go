//go:build linux

package whisk

import (
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
}

// mostKept is how much of a stream is kept for a reader who does not take it, in bytes.
const mostKept = 1 << 20

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
	if kept > mostKept {
		if r.held = r.service.action.Hold(&r.Run, true); !r.held {
			lost = textSlow
		}
	}
	if lost != "" {
		r.lose(lost)
	}
}

// stream chooses how the run's stream reaches its reader.
func (r *run) stream() {
	switch {
	case r.way != nil:
	case r.request.TakesChunks():
		r.way = &chunked{r}
	default:
		r.way = &collected{run: r, into: stream.Collection{Max: r.service.config.StreamMax}}
	}
}

// lose ends the stream before the run's end, which is asked to come soon.
func (r *run) lose(reason string) {
	r.lost = reason
	r.service.action.Cancel(&r.Run)
}

// collected is the way to who takes answers of one piece: the stream becomes a member of the result.
type collected struct {
	run  *run
	into stream.Collection
}

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
type chunked struct{ run *run }

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
	return c.run.request.Untaken(), ""
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
