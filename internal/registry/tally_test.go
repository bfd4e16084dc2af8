package registry

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// bodies is a blob whose first body is read slowly: some bytes at once, and the rest when released. It tells when that
// body is closed, after which nobody reads it.
type bodies struct {
	v1.Layer
	begun    atomic.Int32
	released chan struct{}
	closed   chan struct{}
}

func newBodies(blob v1.Layer) *bodies {
	return &bodies{Layer: blob, released: make(chan struct{}), closed: make(chan struct{})}
}

// slowBody is the second that go-containerregistry takes: the first is never read, for every try has a body of its own.
const slowBody = 2

func (b *bodies) Compressed() (io.ReadCloser, error) {
	body, err := b.Layer.Compressed()
	if err != nil || b.begun.Add(1) != slowBody {
		return body, err
	}
	return &slow{body: body, of: b}, nil
}

type slow struct {
	body  io.ReadCloser
	of    *bodies
	reads atomic.Int32
	once  sync.Once
}

func (s *slow) Read(p []byte) (int, error) {
	if s.reads.Add(1) > 1 {
		<-s.of.released
	}
	return s.body.Read(p)
}

func (s *slow) Close() error {
	s.once.Do(func() { close(s.of.closed) })
	return s.body.Close()
}

// TestLateBody holds that a body that is still read after its answer came does not count for the next try.
func TestLateBody(t *testing.T) {
	for name, status := range map[string]int{"the upload stands elsewhere": 416, "the upload is lost": 404, "busy": 503} {
		t.Run(name, func(t *testing.T) {
			inner := newRegistry()
			blob := newBodies(blobOf(8 << 20))
			var patches atomic.Int32
			host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPatch && patches.Add(1) == 1 {
					_, _ = r.Body.Read(make([]byte, 1))
					w.WriteHeader(status)
					return
				}
				if r.Method == http.MethodPut { // the second try is sent and not yet answered
					close(blob.released)
					<-blob.closed
				}
				inner.ServeHTTP(w, r)
			}))
			client := open(t, Access{})
			var moved atomic.Int64
			tally := &Tally{Moved: func(bytes int64) { moved.Add(bytes) }}
			if err := client.Upload(t.Context(), tagOf(t, client, host+"/a").Repository, blob, tally); err != nil {
				t.Fatal(err)
			}
			if moved.Load() != 8<<20 || !tally.Uploaded() {
				t.Errorf("%d bytes counted of %d", moved.Load(), 8<<20)
			}
		})
	}
}

// TestTally counts uploads whose last try does something else than the one before.
func TestTally(t *testing.T) {
	const size = 1 << 20
	tests := []struct {
		name     string
		answer   func(t *testing.T, inner http.Handler, request string, w http.ResponseWriter, r *http.Request)
		uploaded bool
		moved    int64
	}{
		{"interrupted, and then it is there", func(t *testing.T, inner http.Handler, request string, w http.ResponseWriter, r *http.Request) {
			switch request {
			case "PATCH 1":
				_, _ = io.CopyN(io.Discard, r.Body, size/2)
				w.WriteHeader(http.StatusServiceUnavailable)
			case "HEAD 2":
				w.Header().Set("Content-Length", "1048576")
			default:
				inner.ServeHTTP(w, r)
			}
		}, false, 0},
		{"taken, and the answer to the last request is lost", func(t *testing.T, inner http.Handler, request string, w http.ResponseWriter, r *http.Request) {
			switch request {
			case "PUT 1":
				reset(w, r)
			case "HEAD 2":
				w.Header().Set("Content-Length", "1048576")
			default:
				inner.ServeHTTP(w, r)
			}
		}, true, size},
		{"taken before all of it is read", func(t *testing.T, inner http.Handler, request string, w http.ResponseWriter, r *http.Request) {
			if request == "PATCH 1" { // as a registry that knows the blob may do
				w.Header().Set("Location", r.URL.Path)
				w.WriteHeader(http.StatusAccepted)
				return
			}
			if r.Method == http.MethodPut {
				w.WriteHeader(http.StatusCreated)
				return
			}
			inner.ServeHTTP(w, r)
		}, true, size},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inner := newRegistry()
			var mutex sync.Mutex
			asked := map[string]int{}
			host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mutex.Lock()
				asked[r.Method]++
				request := r.Method + " " + string(rune('0'+asked[r.Method]))
				mutex.Unlock()
				test.answer(t, inner, request, w, r)
			}))
			client := open(t, Access{})
			repository := tagOf(t, client, host+"/a").Repository
			blob := static.NewLayer(bytes.Repeat([]byte("x"), size), types.OCIUncompressedLayer)
			var moved atomic.Int64
			tally := &Tally{Moved: func(bytes int64) { moved.Add(bytes) }}
			if err := client.Upload(t.Context(), repository, blob, tally); err != nil {
				t.Fatal(err)
			}
			if tally.Uploaded() != test.uploaded || moved.Load() != test.moved {
				t.Errorf("uploaded %v, %d bytes; want %v, %d", tally.Uploaded(), moved.Load(), test.uploaded, test.moved)
			}
		})
	}
}
