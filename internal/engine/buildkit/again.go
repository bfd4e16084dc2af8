package buildkit

import (
	"context"
	"sync"
	"time"
)

// awaitLost waits for the builders that were lost during an image, and returns those that are back. It is called when
// no builder is left, for example while all are restarted one after the other.
func (e *Engine) awaitLost(ctx context.Context, image string, failures map[*builder]*lostError) []*builder {
	order := e.order(image)
	there := make([]bool, len(order))
	var asking sync.WaitGroup
	for i, b := range order {
		asking.Go(func() {
			there[i] = b.isBack(ctx, failures[b], func() { e.display.Text("builder " + b.address + " is there again") })
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

// isBack reports whether a lost builder answers again, and calls found if that is news. A builder that does not is lost
// for good.
func (b *builder) isBack(ctx context.Context, lost *lostError, found func()) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch {
	case !lost.away:
		return false
	case b.lost == nil: // it was away for a moment, or another image has found it
		return true
	case !b.lost.away:
		return false
	}
	for until := time.Now().Add(b.patience); ; {
		made, err := b.dial(ctx)
		switch {
		case err == nil:
			b.meet(ctx, made)
			b.lost, b.reported = nil, false
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
