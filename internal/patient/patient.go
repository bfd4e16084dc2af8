// Package patient sends HTTP requests to servers that are slow, busy or away for a moment: it retries, limits silence
// and size, and explains failures.
//
//	patience := patient.Patience{Retries: 2, Pause: time.Second, Silence: time.Minute}
//	client := http.Client{Transport: patient.Wire{RoundTripper: http.DefaultTransport, Silence: patience.Silence}}
//	err := patience.Try(ctx, func() (time.Duration, bool, error) {
//		response, err := client.Do(request)
//		if err != nil {
//			return 0, patient.Passes(err, true), patient.Explain(host, err)
//		}
//		...
//		return patient.RetryAfter(response.Header, time.Now()), patient.IsBusy(response.StatusCode), nil
//	})
package patient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LongestPause limits the pause between two tries. If a server asks for more, the request fails.
const LongestPause = time.Minute

// Patience is how often and how soon a request is retried, and how long it may take.
type Patience struct {
	Retries int           // after the first try
	Pause   time.Duration // after the first try; it doubles with each
	Silence time.Duration // the longest time without traffic
}

// BusyError is the error for a server that has asked to wait longer than [LongestPause].
type BusyError struct {
	Err  error // of the last try; may be nil
	Wait time.Duration
}

func (e *BusyError) Error() string {
	text := "the server asks to come back in " + e.Wait.Round(time.Second).String()
	if e.Err != nil {
		text = e.Err.Error() + ": " + text
	}
	return text
}

func (e *BusyError) Unwrap() error { return e.Err }

// Try calls once until it succeeds, returns false for again, or has no retries left, and returns its last error.
// Between two tries it waits, at least for the time that once returns.
func (p Patience) Try(ctx context.Context, once func() (wait time.Duration, again bool, err error)) error {
	for try := 0; ; try++ {
		wait, again, err := once()
		switch {
		case again && wait > LongestPause:
			return &BusyError{err, wait}
		case !again || try >= p.Retries:
			return err
		}
		if err := p.Wait(ctx, try, wait); err != nil {
			return err
		}
	}
}

// Wait waits before a retry: longer with each try, from 0, and at least as long as the server has asked for. A random
// part spreads clients that were refused together.
func (p Patience) Wait(ctx context.Context, try int, asked time.Duration) error {
	wait := max(asked, min(p.Pause<<min(try, 16), LongestPause))
	timer := time.NewTimer(wait + rand.N(wait/4+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// IsBusy reports whether a later answer may differ. Other statuses of 500 and more are about the request, or a full
// server.
func IsBusy(status int) bool {
	fast := []int{http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusInsufficientStorage,
		http.StatusLoopDetected, http.StatusNetworkAuthenticationRequired}
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500 && !slices.Contains(fast, status)
}

// Passes reports whether an error of the network may pass. A host that has never answered is probably the wrong one.
func Passes(err error, answered bool) bool {
	var address *net.OpError
	var silent *SilentError
	var timeout net.Error
	switch {
	case errors.As(err, &silent), errors.As(err, &address) && address.Op == "dial":
		return answered
	case errors.As(err, &timeout) && timeout.Timeout():
		return answered
	case strings.Contains(err.Error(), "http2: server sent GOAWAY"), strings.Contains(err.Error(), "stream error: stream ID"):
		return true // net/http does not export these errors
	}
	is := func(other error) bool { return errors.Is(err, other) }
	return slices.ContainsFunc(append(resets(), io.EOF, io.ErrUnexpectedEOF, net.ErrClosed), is)
}

// IsRefused reports whether nobody listens on the port.
func IsRefused(err error) bool { return errors.Is(err, refusal) }

// RetryAfter returns the pause of the header Retry-After, in seconds or until a date (RFC 9110, 10.2.3), or 0.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// limited is a body of at most left bytes.
type limited struct {
	io.ReadCloser
	left     int64
	tooLarge error
}

// Limit returns a body that fails with tooLarge after limit bytes.
func Limit(body io.ReadCloser, limit int64, tooLarge error) io.ReadCloser {
	return &limited{body, limit, tooLarge}
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, l.tooLarge
	}
	return n, err
}

// ReadAll reads a body of at most limit bytes, and closes it. The size that was announced for it, or -1, only saves copies.
func ReadAll(body io.ReadCloser, announced, limit int64) ([]byte, error) {
	defer body.Close()
	var content bytes.Buffer
	content.Grow(int(min(max(announced, 0), limit)) + bytes.MinRead) // room in which the end is found, too
	_, err := content.ReadFrom(Limit(body, limit, fmt.Errorf("it is larger than the %d bytes that it may have", limit)))
	return content.Bytes(), err
}

// ReadFile reads a file of at most limit bytes.
func ReadFile(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	announced := int64(-1)
	if stat, err := file.Stat(); err == nil {
		announced = stat.Size()
	}
	content, err := ReadAll(file, announced, limit)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return content, nil
}
