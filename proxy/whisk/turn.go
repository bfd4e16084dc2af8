//go:build linux

package whisk

import (
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
)

// A turn is the right to use the action. The thread that serves runs has it, or an /init or a shutdown that replaces
// the action.
//
// Runs are fast when one thread does everything: it reads what has arrived, serves it, and reads again. So a thread
// that finds the turn taken waits for its end and then goes on alone, unless the one that has it is stuck in a slow
// run: then the reading must not stop.
type turn struct {
	held sync.Mutex

	mu    sync.Mutex // over what follows; never held while waiting
	free  sync.Cond  // the turn may be free, or its holder is stuck
	queue queue      // the runs that wait
	slow  func()     // of the thread that serves runs
	stuck int        // who holds or wants the turn and may take long
	late  bool       // the run that is being served is counted in stuck
}

// add has a run wait for the turn.
func (t *turn) add(r *http1.Request) {
	t.mu.Lock()
	t.queue.push(r)
	t.mu.Unlock()
}

// drain takes all runs that wait.
func (t *turn) drain() queue {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queue
	t.queue = queue{}
	return q
}

// begin takes the turn to serve runs, if there are any, and reports whether it did. It does not, when whoever has the
// turn is stuck.
func (t *turn) begin(slow func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.queue.n > 0 {
		if t.held.TryLock() {
			t.slow = slow
			return true
		}
		if t.stuck > 0 {
			return false
		}
		t.free.Wait()
	}
	return false
}

// next returns the next run, nil when none waits. The last one is over, slow or not.
func (t *turn) next() *http1.Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.late {
		t.late = false
		t.stuck--
	}
	return t.queue.pop()
}

// end gives the turn back.
func (t *turn) end() {
	t.held.Unlock()
	t.mu.Lock()
	t.free.Broadcast()
	t.mu.Unlock()
}

// slowly is called when a run takes long: others go on without its thread.
func (t *turn) slowly() {
	t.mu.Lock()
	slow := t.slow
	if !t.late {
		t.late = true
		t.stuck++
		t.free.Broadcast()
	}
	t.mu.Unlock()
	if slow != nil {
		slow()
	}
}

// take takes the turn for something else than runs, and release gives it back.
func (t *turn) take() {
	t.mu.Lock()
	t.stuck++
	t.free.Broadcast()
	t.mu.Unlock()
	t.held.Lock()
}

func (t *turn) release() {
	t.mu.Lock()
	t.stuck--
	t.mu.Unlock()
	t.end()
}
