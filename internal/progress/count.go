package progress

import (
	"fmt"
	"sync"
	"time"
)

// tally counts how many of many things are done.
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

// Count shows how many of many things are done, such as 500 "images", in place of a line for each successful step. The
// returned function is called as each thing ends, also from several goroutines. JSON still has every step, and no
// count.
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
