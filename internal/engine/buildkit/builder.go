package buildkit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
)

// builder is a daemon, with its state.
type builder struct {
	address  string
	tls      TLS
	patience time.Duration

	mutex    sync.Mutex
	client   *client.Client
	former   []*client.Client // connections from before the builder was away
	version  string
	lost     *lostError // why it is not used any more
	reported bool       // a message about it was shown
	work     work
}

// lostError is an error of the builder and not of the image: another builder may succeed.
type lostError struct {
	reason string
	unsure bool // the builder may succeed nevertheless, and is tried when no other one does
	away   bool // the builder was there and stopped answering, as during a restart: it may come back; the builder's mutex guards it
}

func (e *lostError) Error() string { return e.reason }

// connect returns a connection on which the builder has answered. It is tried once.
func (b *builder) connect(ctx context.Context) (*client.Client, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.lost != nil {
		return nil, b.lost
	}
	if b.client != nil {
		return b.client, nil
	}
	made, err := b.await(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		b.lost = &lostError{reason: reason(err) + b.tls.hint(b.address, err)}
		return nil, b.lost
	}
	b.meet(ctx, made)
	return made, nil
}

// meet takes a connection, and asks the daemon for its properties.
func (b *builder) meet(ctx context.Context, made *client.Client) {
	if b.client != nil {
		b.former = append(b.former, b.client) // others may still wait for it to fail
	}
	b.client = made
	b.version = "older than v0.11" // older daemons have no version to ask for
	if info, err := made.Info(ctx); err == nil {
		b.version = info.BuildkitVersion.Version
	}
}

// await returns a connection to the builder. It waits for a daemon whose container was started a moment ago.
func (b *builder) await(ctx context.Context) (*client.Client, error) {
	for until := time.Now().Add(b.patience); ; {
		made, err := b.dial(ctx)
		if err == nil || !starting(b.address, err) || time.Now().After(until) {
			return made, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(b.patience / 20):
		}
	}
}

// dial returns a connection on which the builder has answered. It outlives the context, for all images share it.
func (b *builder) dial(ctx context.Context) (*client.Client, error) {
	options := b.tls.options(b.address)
	if program(b.address) != "" {
		through, err := dialThrough(b.address)
		if err != nil {
			return nil, err
		}
		options = append(options, through)
	}
	made, err := client.New(context.WithoutCancel(ctx), b.address, options...)
	if err != nil {
		return nil, err
	}
	if err := ask(ctx, made, b.patience); err != nil {
		_ = made.Close()
		return nil, err
	}
	return made, nil
}

// ask returns nil if a builder answers, or the reason why it does not.
func ask(ctx context.Context, c *client.Client, patience time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer within %s", patience))
	defer cancel()
	workers, err := c.ListWorkers(ctx)
	switch {
	case err != nil && context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case err == nil && len(workers) == 0:
		return fmt.Errorf("it has no worker")
	}
	return err
}

// watch asks the builder regularly until the context ends, and calls lose after two questions without an answer.
func (b *builder) watch(ctx context.Context, c *client.Client, lose func(error)) {
	misses := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(b.patience):
		}
		err := ask(ctx, c, b.patience)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			misses = 0
		} else if misses++; misses == 2 {
			lose(b.lose(c, &lostError{reason: reason(err), away: true}))
			return
		}
	}
}

// lose marks the builder as lost, unless it has a newer connection.
func (b *builder) lose(c *client.Client, lost *lostError) *lostError {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch {
	case b.client != c: // it is back
		return lost
	case b.lost == nil:
		b.lost = lost
	}
	return b.lost
}

// gone returns why the builder is not used any more, or nil.
func (b *builder) gone() error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.lost == nil {
		return nil
	}
	return b.lost
}

// isLost reports whether the builder is lost for this reason, and whether that was reported before. A builder that only
// cannot build one image is not lost for others.
func (b *builder) isLost(reason *lostError) (lost, reported bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.lost != reason {
		return false, false
	}
	reported, b.reported = b.reported, true
	return true, reported
}

// wasReached reports whether the builder has ever answered.
func (b *builder) wasReached() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.client != nil
}

func (b *builder) close() error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.client == nil {
		return nil
	}
	for _, c := range b.former {
		_ = c.Close() // the other end has closed it
	}
	return b.client.Close()
}
