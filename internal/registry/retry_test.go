package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// TestUploadOutlasts holds that Upload brings a blob through registries that fail at first, half-way or otherwise.
func TestUploadOutlasts(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	// after reads some of the blob, and then does what is given with the connection.
	after := func(then func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = r.Body.Read(make([]byte, 1000))
			then(w, r)
		}
	}
	tests := []struct {
		name, method string
		fail         func(http.ResponseWriter, *http.Request)
	}{
		{"429 at the start", http.MethodPost, status(429)},
		{"503 at the start", http.MethodPost, status(503)},
		{"429 in the middle", http.MethodPatch, after(status(429))},
		{"503 in the middle", http.MethodPatch, after(status(503))},
		{"500 in the middle", http.MethodPatch, after(status(500))},
		{"the upload is lost in the middle", http.MethodPatch, after(status(404))},
		{"the upload stands elsewhere", http.MethodPatch, after(status(416))},
		{"reset in the middle", http.MethodPatch, after(reset)},
		{"closed in the middle", http.MethodPatch, after(hangUp)},
		{"half closed in the middle", http.MethodPatch, after(halfClose(t))},
		{"silent in the middle", http.MethodPatch, after(hang(t))},
		{"silent after all of it", http.MethodPatch, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			hang(t)(w, r)
		}},
		{"503 at the end", http.MethodPut, status(503)},
		{"reset at the end", http.MethodPut, reset},
		{"reset when it asks what is there", http.MethodHead, reset},
		{"502 when it asks what is there", http.MethodHead, status(502)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inner := newRegistry()
			var failures atomic.Int32
			host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == test.method && failures.Add(1) <= 2 {
					test.fail(w, r)
					return
				}
				inner.ServeHTTP(w, r)
			}))
			// More than what fits into the buffers of a connection, so that a silent server is noticed while it is
			// sent.
			blob := blobOf(8 << 20)
			access := Access{}
			if strings.Contains(test.name, "silent") {
				access.Timeout = silenceInTests
			}
			client := open(t, access)
			var moved atomic.Int64
			tally := &Tally{Moved: func(bytes int64) { moved.Add(bytes) }}
			repository := tagOf(t, client, host+"/a").Repository
			if err := client.Upload(t.Context(), repository, blob, tally); err != nil {
				t.Fatal(err)
			}
			if size, _ := blob.Size(); !tally.Uploaded() || moved.Load() != size {
				t.Errorf("uploaded %v, %d bytes of %d", tally.Uploaded(), moved.Load(), size)
			}
			if failures.Load() < 3 {
				t.Errorf("it failed %d times", failures.Load())
			}
		})
	}
}

// TestSendOutlasts holds that Send brings a blob through registries that fail twice.
func TestSendOutlasts(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for _, test := range []struct {
		name, method string
		size         int
		fail         http.HandlerFunc
	}{
		{"503 in the only request", http.MethodPost, 100, status(503)},
		{"reset in the only request", http.MethodPost, 100, reset},
		{"503 at the start", http.MethodPost, 1 << 20, status(503)},
		{"429 in the middle", http.MethodPut, 1 << 20, status(429)},
		{"the upload is lost", http.MethodPut, 1 << 20, status(404)},
		{"reset in the middle", http.MethodPut, 1 << 20, reset},
		{"closed in the middle", http.MethodPut, 1 << 20, hangUp},
	} {
		t.Run(test.name, func(t *testing.T) {
			inner := newRegistry()
			var failures atomic.Int32
			host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == test.method && failures.Add(1) <= 2 {
					_, _ = r.Body.Read(make([]byte, 10))
					test.fail(w, r)
					return
				}
				inner.ServeHTTP(w, r)
			}))
			client := open(t, Access{})
			repository := tagOf(t, client, host+"/a").Repository
			blob := blobOf(test.size)
			if err := client.Writer(repository).Send(t.Context(), blob); err != nil {
				t.Fatal(err)
			}
			digest, err := blob.Digest()
			if err != nil {
				t.Fatal(err)
			}
			if there, err := client.Writer(repository).HasBlob(t.Context(), digest); err != nil || !there {
				t.Errorf("%v, %v", there, err)
			}
			if failures.Load() < 3 {
				t.Errorf("it failed %d times", failures.Load())
			}
		})
	}
}

// blobOf is a blob of this many bytes.
func blobOf(size int) v1.Layer {
	return static.NewLayer(make([]byte, size), types.OCIUncompressedLayer)
}

// silenceInTests is long for what happens on this machine, and short enough to wait for.
const silenceInTests = 2 * time.Second

func connection(w http.ResponseWriter) interface {
	SetLinger(int) error
	CloseWrite() error
	Close() error
} {
	hijacked, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	return hijacked.(interface {
		SetLinger(int) error
		CloseWrite() error
		Close() error
	})
}

func reset(w http.ResponseWriter, _ *http.Request) {
	c := connection(w)
	_ = c.SetLinger(0)
	_ = c.Close()
}

func hangUp(w http.ResponseWriter, _ *http.Request) { _ = connection(w).Close() }

// halfClose ends the server's half of the connection, and reads no more until the test ends.
func halfClose(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c := connection(w)
		_ = c.CloseWrite()
		context.AfterFunc(t.Context(), func() { _ = c.Close() })
	}
}

// hang says nothing and reads nothing until the test ends.
func hang(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c := connection(w)
		context.AfterFunc(t.Context(), func() { _ = c.Close() })
	}
}

func TestItGivesUp(t *testing.T) {
	var tries atomic.Int32
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			tries.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	client := open(t, Access{Retries: 3})
	tag := tagOf(t, client, host+"/a")
	_, err := client.Head(t.Context(), tag)
	want := fmt.Sprintf("push %s/a:latest: %s answered 503 Service Unavailable: try again later; what has arrived is not sent again", host, host)
	if err = client.Explain("push", tag, err); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if tries.Load() != 4 {
		t.Errorf("%d tries, want 4", tries.Load())
	}
}

// TestFullRegistriesAreNotAskedAgain: these answers stay what they are.
func TestFullRegistriesAreNotAskedAgain(t *testing.T) {
	for _, status := range []int{400, 401, 403, 405, 413, 501, 507} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			var tries atomic.Int32
			host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v2/" {
					tries.Add(1)
					w.WriteHeader(status)
				}
			}))
			client := open(t, Access{})
			if err := client.CheckPush(t.Context(), tagOf(t, client, host+"/a").Repository); err == nil {
				t.Error("it passes")
			}
			if tries.Load() != 1 {
				t.Errorf("%d tries", tries.Load())
			}
		})
	}
}

// TestRetryAfterIsHonoured holds that the client stays away for as long as the server asks.
func TestRetryAfterIsHonoured(t *testing.T) {
	var first atomic.Pointer[time.Time]
	var early atomic.Bool
	inner := newRegistry()
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if now := time.Now(); r.Method == http.MethodPatch {
			if first.CompareAndSwap(nil, &now) {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			early.Store(now.Sub(*first.Load()) < time.Second)
		}
		inner.ServeHTTP(w, r)
	}))
	client := open(t, Access{})
	blob := blobOf(100)
	if err := client.Upload(t.Context(), tagOf(t, client, host+"/a").Repository, blob, nil); err != nil {
		t.Fatal(err)
	}
	if early.Load() {
		t.Error("it came back too early")
	}
}

// TestLongRetryAfter holds that nobody waits for an hour, neither before a blob nor half-way through it.
func TestLongRetryAfter(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPatch} {
		t.Run(method, func(t *testing.T) {
			inner := newRegistry()
			host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == method {
					w.Header().Set("Retry-After", "3600")
					w.WriteHeader(http.StatusTooManyRequests)
					return
				}
				inner.ServeHTTP(w, r)
			}))
			client := open(t, Access{})
			blob := blobOf(100)
			repository := tagOf(t, client, host+"/a").Repository
			err := client.Explain("push", repository, client.Upload(t.Context(), repository, blob, nil))
			want := fmt.Sprintf("push %s/a: %s is busy and asks to come back in 1h0m0s: try again then", host, host)
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// TestNobodyThere holds that an address that never answered is not tried again.
func TestNobodyThere(t *testing.T) {
	client := open(t, Access{Pause: time.Hour})
	tag := tagOf(t, client, "127.0.0.1:1/a")
	_, err := client.Head(t.Context(), tag)
	want := "push 127.0.0.1:1/a:latest: no registry answers at 127.0.0.1:1 (connection refused): check the address, and that it runs"
	if err = client.Explain("push", tag, err); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestSilence(t *testing.T) {
	host := serve(t, hang(t))
	client := open(t, Access{Timeout: 50 * time.Millisecond, Pause: time.Hour})
	tag := tagOf(t, client, host+"/a")
	_, err := client.Head(t.Context(), tag)
	err = client.Explain("push", tag, err)
	if err == nil || !strings.Contains(err.Error(), host+" does not answer within 50ms: ") {
		t.Errorf("got %v", err)
	}
}

func TestCancel(t *testing.T) {
	inner := newRegistry()
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	client := open(t, Access{Pause: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	reference, err := name.ParseReference(host + "/a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Head(ctx, reference); !errors.Is(err, ctx.Err()) {
		t.Errorf("got %v", err)
	}
}

// TestBriefly counts how often something is asked for that a push can do without.
func TestBriefly(t *testing.T) {
	noLogins(t)
	for _, test := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request)
		times  int32
	}{
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, 1 + briefRetries},
		{"silence", hang(t), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var asked atomic.Int32
			host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/referrers/") {
					asked.Add(1)
					test.answer(w, r)
				}
			}))
			client := open(t, Access{Retries: 9, Timeout: silenceInTests})
			session := client.Reader(tagOf(t, client, host+"/a").Repository)
			answer, err := session.Do(Briefly(t.Context()), http.MethodGet, "referrers/x", nil, nil)
			if err == nil && answer.StatusCode != http.StatusInternalServerError || asked.Load() != test.times {
				t.Errorf("asked %d times, want %d: %v", asked.Load(), test.times, err)
			}
		})
	}
}
