//go:build linux

package whisk

import (
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
)

// direct is a way on which the answer itself has the stream.
type direct struct{ run *run }

func (d direct) waits(func()) bool { return false }

// lose implements way: nothing more is sent, and the run is asked to end soon.
func (d direct) lose(reason string) {
	d.run.lost = reason
	d.run.service.action.Cancel(&d.run.Run)
}

// collected is the way to a client that takes one answer: the stream becomes a member of the result.
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

// chunked is the way to a client that asks for a stream: chunks, and the result in the trailer.
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
