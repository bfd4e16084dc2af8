package openwhisk

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
)

// Stream takes the output that a handler sends before its result. Every Write goes out at once, as one event: to a
// client that asked for a stream, to OpenServerless' streamer, or collected into the member "body" of the result. Its
// methods may be called from several goroutines.
//
// It is an io.Writer and has the Flush of http.Flusher. One line makes it a whole http.ResponseWriter, for a header
// here is assignable to an http.Header:
//
//	type writer struct{ *openwhisk.Stream }
//
//	func (w writer) Header() http.Header { return w.Stream.Header() }
type Stream struct {
	mu     sync.Mutex
	to     carrier
	header map[string][]string
	began  bool
	closed error // why nothing is taken any more
}

// A carrier brings a stream to the caller of the run.
type carrier interface {
	// head begins the stream. status is 0 where the handler set none.
	head(status int, header map[string][]string)
	// event takes a piece, which it must not keep. It reports false when it takes no more.
	event(b []byte) bool
}

// errOver is the error of a write after the run.
var errOver = errors.New("openwhisk: the run of this stream is over")

// StartStream serves activations with a handler that streams, until the container ends. The argument is decoded into an
// In, and the Out, which is the result for the record, encoded as encoding/json does; json.RawMessage stands for the
// text itself. An error after something was written says that the stream is not whole.
//
// When nobody reads the stream any more, or the deadline comes near, ctx ends and Write returns its error.
func StartStream[In, Out any](fn func(context.Context, In, *Stream) (Out, error), options ...Option) {
	StartContext(func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
		var in In
		if raw, ok := any(&in).(*json.RawMessage); ok {
			*raw = event
		} else if err := decode(event, &in); err != nil {
			return nil, err
		}
		out, err := fn(ctx, in, streamOf(ctx))
		if err != nil {
			return nil, err
		}
		if raw, ok := any(out).(json.RawMessage); ok {
			return raw, nil
		}
		return json.Marshal(out)
	}, append(options, func(p *program) { p.streams = true })...)
}

// streamOf returns the stream of a run.
func streamOf(ctx context.Context) *Stream {
	a := ctx.Value(activationKey{}).(*activation)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stream == nil {
		if a.carrier == nil {
			c := &collected{into: stream.Collection{Max: streamMax()}, stop: a.stop}
			a.carrier, a.finish = c, c.finish
		}
		a.stream = &Stream{to: a.carrier}
		if a.stopped {
			a.stream.closed = context.Canceled
		}
	}
	return a.stream
}

// streamMax returns how long an answer with a stream in it may be: OW_STREAM_MAX bytes.
func streamMax() int {
	if most, err := strconv.Atoi(os.Getenv("OW_STREAM_MAX")); err == nil && most > 0 {
		return most
	}
	return stream.DefaultMax
}

// Header returns the headers of the stream, which are sent with the first Write or Flush. Without a Content-Type it is
// text/plain; charset=utf-8.
func (s *Stream) Header() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.header == nil {
		s.header = map[string][]string{}
	}
	return s.header
}

// WriteHeader sends the status and the headers. Without it the first Write sends them, with status 200.
func (s *Stream) WriteHeader(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin(status)
}

// Write sends a piece of the stream.
func (s *Stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return 0, s.closed
	}
	s.begin(0)
	if len(b) > 0 && !s.to.event(b) {
		s.closed = context.Canceled
	}
	return len(b), nil
}

// WriteString is Write for text.
func (s *Stream) WriteString(text string) (int, error) { return s.Write([]byte(text)) }

// Flush sends the headers, if they were not sent. Nothing else is held back.
func (s *Stream) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin(0)
}

func (s *Stream) begin(status int) {
	if s.began || s.closed != nil {
		return
	}
	s.began = true
	if status != 0 || len(s.header) > 0 {
		s.to.head(status, s.header)
	}
}

// close has nothing taken any more, for this reason.
func (s *Stream) close(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed == nil {
		s.closed = reason
	}
}

// appendHead appends the object that begins a stream: {"status":200,"headers":{"Content-Type":"text/html"}}.
func appendHead(b []byte, status int, header map[string][]string) []byte {
	head := struct {
		Status  int               `json:"status,omitempty"`
		Headers map[string]string `json:"headers,omitempty"`
	}{status, make(map[string]string, len(header))}
	for name, values := range header {
		head.Headers[name] = strings.Join(values, ", ")
	}
	text, _ := json.Marshal(head) // strings cannot fail
	return append(b, text...)
}

var _ io.StringWriter = (*Stream)(nil)
