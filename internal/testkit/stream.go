package testkit

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// StreamType is what a client accepts that wants the stream of a run while it is made (docs/native-protocol.md).
const StreamType = "application/vnd.openwhisk.stream"

// A Stream is a run whose client reads the stream of it, chunk by chunk.
type Stream struct {
	Header  http.Header // once the stream has begun
	Trailer http.Header // once it has ended
	t       testing.TB
	log     func() string
	leave   context.CancelFunc
	over    chan struct{} // is closed when all was read
	err     error
	status  int
	mu      sync.Mutex
	text    bytes.Buffer
}

// Stream posts the body of a /run and returns at once.
func (c *Client) Stream(body string) *Stream {
	c.T.Helper()
	return ReadStream(c.T, "http://"+c.Address+"/run", body, c.Log)
}

// ReadStream posts to a URL and returns at once.
func ReadStream(t testing.TB, url, body string, log func() string) *Stream {
	t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	t.Cleanup(leave)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", StreamType)
	s := &Stream{t: t, log: log, leave: leave, over: make(chan struct{})}
	go func() {
		defer close(s.over)
		s.err = s.read(request)
	}()
	return s
}

func (s *Stream) read(request *http.Request) error {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	s.status, s.Header = response.StatusCode, response.Header
	_, err = io.Copy(s, response.Body)
	if s.Trailer = response.Trailer; response.ContentLength >= 0 {
		s.Trailer = nil
	}
	return err
}

// Write takes a part of the stream.
func (s *Stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// Text returns what came so far.
func (s *Stream) Text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// Await returns when the stream begins with a text.
func (s *Stream) Await(text string) {
	s.t.Helper()
	Await(s.t, "the stream "+text, func() bool { return strings.HasPrefix(s.Text(), text) || s.isOver() })
	if got := s.Text(); !strings.HasPrefix(got, text) {
		s.t.Fatalf("the stream is %d %.400q, want %q\n%s", s.status, got, text, s.log())
	}
}

func (s *Stream) isOver() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// Leave ends the connection.
func (s *Stream) Leave() { s.leave() }

// Result waits for the end, and returns the result of the run: that in the trailer, or the whole answer where nothing
// was streamed.
func (s *Stream) Result() string {
	s.t.Helper()
	Await(s.t, "the end of a stream", s.isOver)
	switch {
	case s.err != nil:
		s.t.Fatalf("the stream ended with %v after %.400q\n%s", s.err, s.Text(), s.log())
	case s.Trailer == nil:
		return s.Text()
	}
	return s.Trailer.Get("OpenWhisk-Result")
}
