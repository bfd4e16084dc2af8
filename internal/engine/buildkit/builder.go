package buildkit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
)

// builder is a daemon, and what is known of it.
type builder struct {
	address  string
	tls      TLS
	patience time.Duration

	mutex   sync.Mutex
	client  *client.Client
	version string
	lost    *lostError // why it is not asked any more
	told    bool       // whether somebody was told so
	work    work
}

// lostError says that the trouble is with a builder and not with the image: another one may do better.
type lostError struct{ reason string }

func (e *lostError) Error() string { return e.reason }

// connect returns a connection to the builder, which has answered on it once. What has failed is not tried again.
func (b *builder) connect(ctx context.Context) (*client.Client, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.lost != nil {
		return nil, b.lost
	}
	if b.client != nil {
		return b.client, nil
	}
	// The connection outlives the call, for all images share it.
	made, err := client.New(context.WithoutCancel(ctx), b.address, b.tls.options(b.address)...)
	if err != nil {
		b.lost = &lostError{reason(err)}
		return nil, b.lost
	}
	if err := ask(ctx, made, b.patience); err != nil {
		_ = made.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b.lost = &lostError{reason(err) + b.tls.hint(err)}
		return nil, b.lost
	}
	b.client = made
	if info, err := made.Info(ctx); err == nil {
		b.version = info.BuildkitVersion.Version
	}
	return made, nil
}

// ask returns why a builder does not answer, or nil.
func ask(ctx context.Context, c *client.Client, patience time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer within %s", patience))
	defer cancel()
	workers, err := c.ListWorkers(ctx)
	switch {
	case err != nil && context.Cause(ctx) != nil:
		return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
	case err == nil && len(workers) == 0:
		return fmt.Errorf("it has no worker")
	}
	return err
}

// watch asks the builder again and again until the context ends, and calls lose when it does not answer twice.
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
			lose(b.lose(err))
			return
		}
	}
}

// lose notes that the builder is not to be asked any more.
func (b *builder) lose(err error) *lostError {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.lost == nil {
		b.lost = &lostError{reason(err)}
	}
	return b.lost
}

// gone returns why the builder is not asked any more, or nil while it is.
func (b *builder) gone() error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.lost == nil {
		return nil
	}
	return b.lost
}

// first reports whether nobody was told yet that the builder is lost, for this reason.
func (b *builder) first(lost *lostError) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.told {
		return false
	}
	b.told = b.lost == lost
	return true
}

func (b *builder) close() error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.client == nil {
		return nil
	}
	return b.client.Close()
}
