package buildkit

import (
	"context"
	"sync"
	"time"
)

// again returns the builders that are there again, of those that were away when an image came to them. It waits for
// them: nobody else is left to build the image. So it is when builders are started anew one after the other.
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

// again reports whether the builder is there again, and calls found when nobody knew. One that does not come back now is
// lost for good.
func (b *builder) again(ctx context.Context, lost *lostError, found func()) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch {
	case !lost.away:
		return false
	case b.lost == nil: // it was away for a moment, or somebody has found that it is there again
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
