//go:build linux

package whisk

import "github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"

// A way brings the stream of a run to its reader.
type way interface {
	begin(h stream.Header)
	// add takes a piece, and a LF after it if line says so. It returns how much of the stream is kept because the
	// reader did not take it, or why the stream ends here.
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

// mostKept is how much of a stream is kept for a reader that does not take it, in bytes.
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
