package openwhisk

import (
	"sync"
	"syscall"
	"time"
)

// watch notices a run that takes longer than a millisecond, without a timer for every run: starting one wakes another
// thread up, which costs more than the run. It looks once a millisecond as long as there are runs, and then sleeps.
type watch struct {
	lead   func() // is called in a goroutine of its own where a run takes long
	mu     sync.Mutex
	run    uint64 // odd while one is under way
	lost   bool   // lead was called for it
	awake  bool
	wakeUp chan struct{}
}

const (
	watchEvery = time.Millisecond
	watchIdle  = 1000 // looks without a run after which it goes to sleep
)

func newWatch(lead func()) *watch {
	w := &watch{lead: lead, wakeUp: make(chan struct{}, 1)}
	go w.loop()
	return w
}

// begin notes a run.
func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run++
	w.lost = false
	if !w.awake {
		w.awake = true
		w.wakeUp <- struct{}{}
	}
}

// end notes its end, and tells whether another goroutine leads since.
func (w *watch) end() (lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run++
	return w.lost
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

// look has another goroutine lead when a run was there at the last look, when seen was its number, and counts looks
// without any.
func (w *watch) look(idle int, seen uint64) (int, uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	running := w.run&1 == 1
	if running && w.run == seen && !w.lost {
		w.lost = true
		go w.lead()
	}
	if running || w.run != seen {
		return 0, w.run
	}
	if idle++; idle == watchIdle {
		w.awake = false
	}
	return idle, seen
}
