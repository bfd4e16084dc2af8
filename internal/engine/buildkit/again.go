package buildkit

import (
	"context"
	"sync"
	"time"
)

// again waits for the builders that were away when an image came to them, and returns those that are back. It is called
// if no builder is left, for example while all are restarted one after the other.
func (e *Engine) again(ctx context.Context, image string, failures map[*builder]*lostError) []*builder {
	order := e.order(image)
	there := make([]bool, len(order))
	var asking sync.WaitGroup
	for i, b := range order {
		asking.Go(func() {
			there[i] = b.again(ctx, failures[b], func() { e.display.Text("builder " + b.address + " is there again") })
		})
	}
	asking.Wait()
	var back []*builder
	for i, b := range order {
		if there[i] {
			back = append(back, b)
		}
	}
	return back
}

// again reports whether the builder is back, and calls found if that is news. A builder that does not come back now is
// lost for good.
func (b *builder) again(ctx context.Context, lost *lostError, found func()) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch {
	case !lost.away:
		return false
	case b.lost == nil: // it was away for a moment, or is already known to be back
		return true
	case !b.lost.away:
		return false
	}
	for until := time.Now().Add(b.patience); ; {
		made, err := b.dial(ctx)
		switch {
		case err == nil:
			b.meet(ctx, made)
			b.lost, b.told = nil, false
			found()
			return true
		case ctx.Err() != nil:
			return false
		case time.Now().After(until):
			b.lost.away = false
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(b.patience / 20):
		}
	}
}
