package registry

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	protocol "github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// patience is how often and how soon a request is sent again.
type patience struct {
	retries int           // after the first try
	first   time.Duration // the pause after the first try; it doubles with each
	silence time.Duration // how long nothing may come or go
}

func newPatience(access Access) patience {
	return patience{max(0, access.Retries), access.Pause, access.Timeout}
}

// pause waits until a registry may be asked again: longer with each try, and at least as long as it has asked for. A
// random part keeps clients that were refused together from coming back together.
func (p patience) pause(ctx context.Context, try int, asked time.Duration) error {
	wait := max(asked, min(p.first<<min(try, 16), longestPause))
	timer := time.NewTimer(wait + rand.N(wait/4+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// What a request has whose failure costs no image.
const (
	briefRetries = 2                // how often it is tried again; never after silence
	briefSilence = 20 * time.Second // how long nothing may come or go
)

type briefKey struct{}

// Briefly returns a context in which requests are tried again twice at most, and do not wait for long: for what a push can do
// without, so that a registry which always answers 500, or nothing, does not keep it.
func Briefly(ctx context.Context) context.Context { return context.WithValue(ctx, briefKey{}, true) }

func isBrief(ctx context.Context) bool { return ctx.Value(briefKey{}) != nil }

// triesAgain is how often a request of this context is tried again.
func (p patience) triesAgain(ctx context.Context) int {
	if isBrief(ctx) {
		return min(p.retries, briefRetries)
	}
	return p.retries
}

// silenceFor is how long nothing may come or go in a request of this context.
func (p patience) silenceFor(ctx context.Context) time.Duration {
	if isBrief(ctx) {
		return min(p.silence, briefSilence)
	}
	return p.silence
}

// Pause waits before a registry is asked once more what it will answer otherwise soon: longer with each try, from 0.
func (c *Client) Pause(ctx context.Context, try int) error { return c.transport.pause(ctx, try, 0) }

// again says whether a request is worth another try, and how long the registry has asked to wait before it.
func (t *transport) again(request *http.Request, response *http.Response, err error) (wait time.Duration, again bool) {
	if request.Context().Err() != nil || request.Body != nil && request.GetBody == nil {
		return 0, false
	}
	if err != nil {
		silent := isBrief(request.Context()) && errors.Is(err, errSilent)
		return 0, !silent && passes(err, t.hasAnswered(request.URL.Host))
	}
	if isBusy(response.StatusCode) || isData(request) && isLost(response.StatusCode) {
		return retryAfter(response.Header, time.Now()), true
	}
	return 0, false
}

// isData says whether a request is a part of a blob's upload that cannot be sent again: the registry may have taken some
// of it (OCI distribution-spec, "Pushing a blob in chunks").
func isData(request *http.Request) bool {
	return request.Method == http.MethodPatch || request.Method == http.MethodPut && request.URL.Query().Has("digest")
}

// isBusy says whether an answer may be another one soon. The others of 500 and more are about what is asked for, or about
// a registry that is full.
func isBusy(status int) bool {
	fast := []int{http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusInsufficientStorage,
		http.StatusLoopDetected, http.StatusNetworkAuthenticationRequired}
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500 && !slices.Contains(fast, status)
}

// isLost says whether an upload that has begun is not known any more, or known to be at another place.
func isLost(status int) bool {
	return status == http.StatusNotFound || status == http.StatusRequestedRangeNotSatisfiable
}

// passes says whether an error of the network may be over soon. A host that never answered is probably the wrong one.
func passes(err error, answered bool) bool {
	var address *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, errSilent), errors.As(err, &address) && address.Op == "dial":
		return answered
	case errors.As(err, &timeout) && timeout.Timeout():
		return answered
	case strings.Contains(err.Error(), "http2: server sent GOAWAY"), strings.Contains(err.Error(), "stream error: stream ID"):
		return true // net/http does not export these
	}
	for _, reset := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED} {
		if errors.Is(err, reset) {
			return true
		}
	}
	return false
}

// retryAfter reads the header Retry-After: seconds, or a date (RFC 9110, 10.2.3). It is 0 when there is none that can be
// read.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// interruptedError is the error for data of a blob that did not arrive. The upload may begin anew after wait.
type interruptedError struct {
	error
	wait time.Duration
}

func (e *interruptedError) Unwrap() error { return e.error }

// busyError is the error for a registry that has asked to wait longer than mkimage does.
type busyError struct {
	error
	wait time.Duration
}

func (e *busyError) Unwrap() error { return e.error }

// failure is the error of an attempt: err, or what the answer says.
func failure(response *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return protocol.CheckError(response)
}

// anew calls push until its uploads are not interrupted. What is there by then is not sent again.
func (c *Client) anew(ctx context.Context, push func() error) error {
	for try := 0; ; try++ {
		err := push()
		var broken *interruptedError
		if !errors.As(err, &broken) || ctx.Err() != nil || try >= c.transport.triesAgain(ctx) {
			return err
		}
		if broken.wait > longestPause {
			return &busyError{broken.error, broken.wait}
		}
		if err := c.transport.pause(ctx, try, broken.wait); err != nil {
			return err
		}
	}
}
