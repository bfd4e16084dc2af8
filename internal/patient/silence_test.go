package patient

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// roundTrip is an [http.RoundTripper].
type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// slowly gives a byte after each pause.
type slowly struct {
	bytes int
	pause time.Duration
}

func (s *slowly) Read(p []byte) (int, error) {
	time.Sleep(s.pause)
	if s.bytes == 0 {
		return 0, io.EOF
	}
	s.bytes--
	return copy(p, "x"), nil
}

func (s *slowly) Close() error { return nil }

const silence = 10 * time.Second

// TestWire holds what counts as silence.
func TestWire(t *testing.T) {
	answer := func(body io.ReadCloser) *http.Response { return &http.Response{StatusCode: 200, Body: body} }
	tests := []struct {
		name   string
		wire   roundTrip
		silent bool
	}{
		{"no answer", func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, true},
		{"a body that is taken slowly", func(r *http.Request) (*http.Response, error) {
			_, err := io.Copy(io.Discard, r.Body)
			return answer(http.NoBody), err
		}, false},
		{"a body that is sent again on another connection", func(r *http.Request) (*http.Response, error) {
			body, err := r.GetBody()
			if err == nil {
				_, err = io.Copy(io.Discard, body)
			}
			return answer(http.NoBody), errors.Join(err, r.Context().Err())
		}, false},
		{"a body that is still read after the answer", func(r *http.Request) (*http.Response, error) {
			go func() { _, _ = io.Copy(io.Discard, r.Body) }()
			return answer(http.NoBody), nil
		}, false},
		{"an answer that is read slowly", func(*http.Request) (*http.Response, error) {
			return answer(&slowly{3, silence / 2}), nil
		}, false},
		{"an answer that stops", func(r *http.Request) (*http.Response, error) {
			body, w := io.Pipe()
			go func() {
				<-r.Context().Done()
				_ = w.CloseWithError(r.Context().Err())
			}()
			return answer(body), nil
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				body := func() (io.ReadCloser, error) { return &slowly{5, silence / 2}, nil }
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, "http://example.org", nil)
				if err != nil {
					t.Fatal(err)
				}
				request.GetBody = body
				request.Body, _ = body()
				response, err := Wire{test.wire, silence}.RoundTrip(request)
				if err == nil {
					time.Sleep(10 * silence) // nobody reads, and that is not the server's fault
					_, err = io.ReadAll(response.Body)
					err = errors.Join(err, response.Body.Close())
				}
				var silent *SilentError
				if errors.As(err, &silent) != test.silent || !test.silent && err != nil {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestLimit(t *testing.T) {
	for text, want := range map[string]string{"": "", "12345": "", "123456": "it is larger than the 5 bytes that it may have"} {
		got, err := ReadAll(io.NopCloser(strings.NewReader(text)), -1, 5)
		if want == "" && (err != nil || string(got) != text) || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}
