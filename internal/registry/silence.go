package registry

import (
	"context"
	"errors"
	"io"
	"time"
)

// errSilent is what a request fails with when nothing comes or goes for too long.
var errSilent = errors.New("no answer in time")

// watch ends a request in which nothing moves.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration
}

func newWatch(ctx context.Context, limit time.Duration) *watch {
	ctx, cancel := context.WithCancelCause(ctx)
	return &watch{ctx, cancel, time.AfterFunc(limit, func() { cancel(errSilent) }), limit}
}

func (w *watch) moves() { w.timer.Reset(w.limit) }
func (w *watch) pause() { w.timer.Stop() }

func (w *watch) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// fail ends the watch and returns the error, or errSilent if that is why.
func (w *watch) fail(err error) error {
	if errors.Is(context.Cause(w.ctx), errSilent) {
		err = errSilent
	}
	w.end()
	return err
}

// upload is the body of a request: a connection that takes no more of it lets the watch run out.
type upload struct {
	io.ReadCloser
	watch *watch
	try   *sending
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.watch.moves()
	u.try.sent(n)
	return n, err
}

// download is the body of an answer. Time counts only while somebody reads.
type download struct {
	io.ReadCloser
	watch *watch
}

func (d *download) Read(p []byte) (int, error) {
	d.watch.moves()
	n, err := d.ReadCloser.Read(p)
	d.watch.pause()
	if err != nil && errors.Is(context.Cause(d.watch.ctx), errSilent) {
		err = errSilent
	}
	return n, err
}

func (d *download) Close() error {
	err := d.ReadCloser.Close()
	d.watch.end()
	return err
}
