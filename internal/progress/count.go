package progress

import (
	"fmt"
	"sync"
	"time"
)

// tally says how many of many things are done.
type tally struct {
	things              string
	total, done, failed int
	began               time.Time
}

func (t tally) String() string {
	text := fmt.Sprintf("%d of %d %s", t.done, t.total, t.things)
	if t.failed > 0 {
		text += fmt.Sprintf(", %d failed", t.failed)
	}
	return text
}

// isTenth reports whether another tenth of the things is done.
func (t tally) isTenth() bool { return t.done > 0 && t.done*10/t.total != (t.done-1)*10/t.total }

// Count is for work on many things, such as 500 "images", whose steps nobody wants to read one by one: from now on steps
// that succeed are left out, and in their place it is shown how many of the things are done. What it returns is called
// as each of them ends, also from several goroutines. JSON still tells every step, and does not count.
func (d *Display) Count(things string, total int) (done func(err error)) {
	var mutex sync.Mutex
	now := tally{things: things, total: total, began: time.Now()}
	d.view.count(now)
	return func(err error) {
		mutex.Lock()
		defer mutex.Unlock()
		now.done++
		if err != nil {
			now.failed++
		}
		d.view.count(now)
	}
}
