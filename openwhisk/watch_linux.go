package openwhisk

import (
	"sync"
	"syscall"
	"time"
)

// watch notices a run that takes longer than a millisecond, without a timer for every run: starting one wakes another
// thread up, which costs more than the run. It looks once a millisecond as long as there are runs, and then sleeps.
type watch struct {
	mu     sync.Mutex
	run    uint64 // odd while one is under way
	slow   func()
	awake  bool
	wakeUp chan struct{}
}

const (
	watchEvery = time.Millisecond
	watchIdle  = 1000 // looks without a run after which it goes to sleep
)

func newWatch() *watch {
	w := &watch{wakeUp: make(chan struct{}, 1)}
	go w.loop()
	return w
}

// begin notes a run; slow is called when it takes long, perhaps more than once, and not after end.
func (w *watch) begin(slow func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run++
	w.slow = slow
	if !w.awake {
		w.awake = true
		w.wakeUp <- struct{}{}
	}
}

func (w *watch) end() {
	w.mu.Lock()
	w.run++
	w.mu.Unlock()
}

func (w *watch) loop() {
	pause := syscall.NsecToTimespec(int64(watchEvery))
	for range w.wakeUp {
		seen := uint64(0)
		for idle := 0; idle < watchIdle; {
			syscall.Nanosleep(&pause, nil)
			idle, seen = w.look(idle, seen)
		}
	}
}

// look calls slow for a run that was there at the last look, when seen was its number, and counts looks without any.
func (w *watch) look(idle int, seen uint64) (int, uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	running := w.run&1 == 1
	if running && w.run == seen {
		w.slow()
	}
	if running || w.run != seen {
		return 0, w.run
	}
	if idle++; idle == watchIdle {
		w.awake = false
	}
	return idle, seen
}
