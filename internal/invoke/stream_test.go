package invoke

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// streaming answers a run with pieces and trailers, as docs/native-protocol.md says.
func streaming(t *testing.T, serve func(w http.ResponseWriter, r *http.Request)) Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept"); got != "application/vnd.openwhisk.stream" || r.URL.Path != "/run" {
			t.Errorf("%s accepts %q", r.URL, got)
		}
		serve(w, r)
	}))
	t.Cleanup(server.Close)
	return Client{URL: server.URL}
}

// piece sends a piece of the stream at once.
func piece(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text)
	w.(http.Flusher).Flush()
}

func TestStream(t *testing.T) {
	for name, test := range map[string]struct {
		status    int
		pieces    []string
		trailers  map[string]string
		plain     string // an answer with a length
		cut       bool
		announced bool   // the trailer is
		wantErr   string // of the connection
		runErr    string // of the run
	}{
		"a stream":        {pieces: []string{"1\n", "2\n"}, trailers: map[string]string{"OpenWhisk-Status": "ok", "OpenWhisk-Result": `{"n":2}`}},
		"a page":          {status: 404, pieces: []string{"not here"}, trailers: map[string]string{"OpenWhisk-Status": "ok", "OpenWhisk-Result": "{}"}},
		"half characters": {pieces: []string{"\xe2\x98", "\x83 \xf0\x9f", "\x98\x80", "\xff"}, trailers: map[string]string{"OpenWhisk-Status": "ok", "OpenWhisk-Result": "{}"}},
		"a long result":   {pieces: []string{"1\n"}, trailers: map[string]string{"OpenWhisk-Status": "ok", "OpenWhisk-Result-Length": "9000"}},
		"an error":        {pieces: []string{"1\n"}, trailers: map[string]string{"OpenWhisk-Status": "error", "OpenWhisk-Result": `{"error":"no more"}`}, runErr: "the action answered an error after its stream: no more"},
		"no stream":       {plain: `{"n":2}`},
		"no stream, bad":  {plain: `[`, runErr: "run answered neither"},
		"cut":             {pieces: []string{"1\n"}, cut: true, wantErr: "ended in the middle of its stream, after 2 bytes"},
		"no trailer":      {pieces: []string{"1\n"}, wantErr: "answered in chunks, but not with a stream of an action"},
		"an empty one":    {pieces: []string{"1\n"}, announced: true, wantErr: "ended in the middle of its stream, after 2 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			client := streaming(t, func(w http.ResponseWriter, _ *http.Request) {
				if test.plain != "" {
					_, _ = io.WriteString(w, test.plain)
					return
				}
				if test.announced {
					w.Header().Set("Trailer", "OpenWhisk-Status")
				}
				w.WriteHeader(max(test.status, 200))
				for _, text := range test.pieces {
					piece(w, text)
				}
				if test.cut {
					panic(http.ErrAbortHandler)
				}
				for name, value := range test.trailers {
					w.Header().Set(http.TrailerPrefix+name, value)
				}
			})
			var out strings.Builder
			answer, err := client.Stream(t.Context(), json.RawMessage(`{}`), &out)
			if out.String() != strings.Join(test.pieces, "") {
				t.Errorf("wrote %q", out.String())
			}
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("got %v, want %s", err, test.wantErr)
				}
				return
			}
			if err != nil || string(answer.Body) != test.plain+test.trailers["OpenWhisk-Result"] || answer.Left != test.trailers["OpenWhisk-Result-Length"] {
				t.Errorf("got %+v, %v", answer, err)
			}
			if err := answer.RunError(); (err == nil) != (test.runErr == "") || err != nil && !strings.HasPrefix(err.Error(), test.runErr) {
				t.Errorf("got %v, want %q", err, test.runErr)
			}
		})
	}
}

// A piece is written before the next one comes, and who leaves closes the connection.
func TestStreamIsLive(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	seen, left := make(chan struct{}), make(chan struct{})
	client := streaming(t, func(w http.ResponseWriter, r *http.Request) {
		piece(w, "1\n")
		<-seen
		piece(w, "2\n")
		<-r.Context().Done()
		close(left)
	})
	got := ""
	_, err := client.Stream(ctx, json.RawMessage(`{}`), writerFunc(func(b []byte) (int, error) {
		switch got += string(b); got {
		case "1\n":
			close(seen)
		case "1\n2\n":
			leave()
		}
		return len(b), nil
	}))
	if !errors.Is(err, context.Canceled) || got != "1\n2\n" {
		t.Errorf("got %q, %v", got, err)
	}
	<-left
}

func TestStreamOfAnOutputThatIsGone(t *testing.T) {
	client := streaming(t, func(w http.ResponseWriter, r *http.Request) {
		piece(w, "1\n")
		<-r.Context().Done()
	})
	_, err := client.Stream(t.Context(), json.RawMessage(`{}`), writerFunc(func([]byte) (int, error) { return 0, io.ErrClosedPipe }))
	if err == nil || err.Error() != "write the stream: io: read/write on closed pipe" {
		t.Errorf("got %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
