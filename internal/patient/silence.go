package patient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// SilentError is the error of a request without traffic for too long.
type SilentError struct{ Silence time.Duration }

func (e *SilentError) Error() string {
	return fmt.Sprintf("the server has sent nothing for %s", e.Silence)
}

// Timeout and Temporary make it a [net.Error].
func (e *SilentError) Timeout() bool   { return true }
func (e *SilentError) Temporary() bool { return true }

// Wire is a transport that ends silent requests with a [*SilentError].
type Wire struct {
	http.RoundTripper
	Silence time.Duration
}

// RoundTrip sends a request once.
func (w Wire) RoundTrip(request *http.Request) (*http.Response, error) {
	watch := newWatch(request.Context(), w.Silence)
	once := request.WithContext(watch.ctx)
	if request.Body != nil && request.Body != http.NoBody {
		once.Body = &sent{request.Body, watch}
		if request.GetBody != nil { // net/http retries when a kept connection turns out to be closed
			once.GetBody = func() (io.ReadCloser, error) {
				body, err := request.GetBody()
				return &sent{body, watch}, err
			}
		}
	}
	response, err := w.RoundTripper.RoundTrip(once)
	if err != nil {
		err = watch.reason(err)
		watch.end()
		return nil, err
	}
	watch.answer()
	response.Body = &received{response.Body, watch}
	return response, nil
}

// watch ends a silent request.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	limit  time.Duration

	mutex    sync.Mutex
	timer    *time.Timer
	answered bool
}

func newWatch(ctx context.Context, limit time.Duration) *watch {
	ctx, cancel := context.WithCancelCause(ctx)
	return &watch{ctx: ctx, cancel: cancel, limit: limit, timer: time.AfterFunc(limit, func() { cancel(&SilentError{limit}) })}
}

// sends notes that the server has read some of the body. After the answer, that does not count.
func (w *watch) sends() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if !w.answered {
		w.timer.Reset(w.limit)
	}
}

func (w *watch) answer() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.answered = true
	w.timer.Stop()
}

func (w *watch) end() {
	w.answer()
	w.cancel(nil)
}

// reason returns the silence if it has caused the error, or the error itself.
func (w *watch) reason(err error) error {
	var silent *SilentError
	if err != nil && errors.As(context.Cause(w.ctx), &silent) {
		return silent
	}
	return err
}

// sent is the body of a request. If the connection takes no more of it, the watch runs out.
type sent struct {
	io.ReadCloser
	watch *watch
}

func (s *sent) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.watch.sends()
	return n, err
}

// received is the body of an answer. Time counts only during a read.
type received struct {
	io.ReadCloser
	watch *watch
}

func (r *received) Read(p []byte) (int, error) {
	r.watch.timer.Reset(r.watch.limit)
	n, err := r.ReadCloser.Read(p)
	r.watch.timer.Stop()
	return n, r.watch.reason(err)
}

func (r *received) Close() error {
	err := r.ReadCloser.Close()
	r.watch.end()
	return err
}
