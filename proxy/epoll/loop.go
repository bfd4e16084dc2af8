//go:build linux

// Package epoll is the event loop of the proxy: one set of epoll(7) for sockets, pipes, timers and exits, and one
// thread that waits for it and calls the handler of each event. No handler blocks for more than a moment: slow work is
// done by goroutines beside it, which report back with Post.
package epoll

import (
	"sync"
	"syscall"
	"unsafe"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// Events of a descriptor. An error and a hang-up are reported in any case.
const (
	In   = syscall.EPOLLIN
	Out  = syscall.EPOLLOUT
	Left = syscall.EPOLLRDHUP   // the other side of a socket sends no more
	Once = syscall.EPOLLONESHOT // one event, and none after it until the next Set
)

// Lost are the events of a descriptor whose other side is gone, or at least sends no more.
const Lost = Left | syscall.EPOLLHUP | syscall.EPOLLERR

// A Handler sees to the events of one descriptor, and to none of another that had its number before. Others may have
// read the bytes that an event announces, so that none are found; an end stays one.
type Handler interface{ Ready(events uint32) }

// A Loop is the loop. Its methods are for the functions that it calls, and for others before Run, where they say
// nothing else.
type Loop struct {
	// Work is called when all events that were there have been seen to. It reports whether there is more to do at once.
	Work func() (more bool)
	// Turn counts how often events were waited for.
	Turn uint64
	// All reports whether all descriptors that had an event by then have been seen to in this turn.
	All bool

	set    int
	table  []entry   // by descriptor
	later  []Handler // are called when the events of this turn were seen to
	wake   int       // eventfd(2)
	posted list
	timers timers
	failed chan error
}

// An entry is a descriptor of the loop.
type entry struct {
	handler Handler
	since   uint64 // the turn in which it was added
}

// New returns a loop that does not run yet.
func New() (*Loop, error) {
	set, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	l := &Loop{Work: func() bool { return false }, set: set, failed: make(chan error, 1)}
	wake, _, number := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if number != 0 {
		return nil, number
	}
	l.wake, l.posted.loop = int(wake), l
	return l, l.Add(l.wake, In, &l.posted)
}

// Free closes the descriptors of a loop that does not run.
func (l *Loop) Free() {
	syscall.Close(l.set)
	syscall.Close(l.wake)
}

// Add makes the loop call h for the events of a descriptor.
func (l *Loop) Add(fd int, events uint32, h Handler) error {
	for fd >= len(l.table) {
		l.table = append(l.table, make([]entry, max(64, len(l.table)))...)
	}
	l.table[fd] = entry{h, l.Turn}
	return l.control(syscall.EPOLL_CTL_ADD, fd, events)
}

// Set changes the events of a descriptor. Any goroutine may call it.
func (l *Loop) Set(fd int, events uint32) error {
	return l.control(syscall.EPOLL_CTL_MOD, fd, events)
}

//go:noinline
func (l *Loop) control(op, fd int, events uint32) error {
	return syscall.EpollCtl(l.set, op, fd, &syscall.EpollEvent{Events: events, Fd: int32(fd)})
}

// Later makes the loop call h when all events of this turn were seen to.
func (l *Loop) Later(h Handler) { l.later = append(l.later, h) }

// Remove forgets a descriptor that stays open.
func (l *Loop) Remove(fd int) {
	if fd >= 0 && fd < len(l.table) && l.table[fd].handler != nil {
		l.table[fd] = entry{}
		l.control(syscall.EPOLL_CTL_DEL, fd, 0)
	}
}

// Close closes a descriptor, unless it is negative, sets it to -1, and forgets it. To close it alone is not enough: a
// program that is being started may have a copy, and until that is gone the set would go on to tell of the number.
func (l *Loop) Close(fd *int) {
	l.Remove(*fd)
	sys.Close(fd)
}

// Run runs the loop. It returns only when the kernel refuses to wait for events, here or in a Run that took over.
func (l *Loop) Run() error {
	go l.Lead()
	return <-l.failed
}

// Lead runs the loop in this goroutine. A goroutine that led before must do nothing more with the loop but Post: so a
// function that the loop calls may turn out to be slow, and go on beside another goroutine that leads.
func (l *Loop) Lead() {
	var events [64]syscall.EpollEvent
	timeout := -1
	for {
		n, err := syscall.EpollWait(l.set, events[:], timeout)
		if err != nil && err != syscall.EINTR {
			l.failed <- err
			return
		}
		l.Turn++
		l.All = n < len(events)
		for _, e := range events[:max(n, 0)] {
			// A descriptor that was added in this turn has no event in it: this one is of another descriptor with the
			// same number, which was closed in this turn.
			if at := l.table[e.Fd]; at.handler != nil && at.since != l.Turn {
				at.handler.Ready(e.Events)
			}
		}
		for _, h := range l.later {
			h.Ready(0)
		}
		l.later = l.later[:0]
		timeout = l.timers.run()
		if l.Work() {
			timeout = 0
		}
	}
}

// list holds the calls that other goroutines want.
type list struct {
	loop *Loop
	mu   sync.Mutex
	todo []func()
}

// Post makes the loop call f soon. Any goroutine may call it.
func (l *Loop) Post(f func()) {
	l.posted.mu.Lock()
	l.posted.todo = append(l.posted.todo, f)
	first := len(l.posted.todo) == 1
	l.posted.mu.Unlock()
	if first {
		one := uint64(1)
		syscall.Write(l.wake, (*[8]byte)(unsafe.Pointer(&one))[:])
	}
}

// Do is Post, and waits until f has returned. It is not for the loop itself.
func (l *Loop) Do(f func()) {
	done := make(chan struct{})
	l.Post(func() {
		defer close(done)
		f()
	})
	<-done
}

// Ready implements Handler.
func (p *list) Ready(uint32) {
	var count [8]byte
	sys.Read(p.loop.wake, count[:])
	p.mu.Lock()
	todo := p.todo
	p.todo = nil
	p.mu.Unlock()
	for _, f := range todo {
		f()
	}
}
