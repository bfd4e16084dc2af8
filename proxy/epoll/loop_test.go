//go:build linux

package epoll_test

import (
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// running returns a loop that runs until the test ends.
func running(t *testing.T, work func() bool) *epoll.Loop {
	t.Helper()
	loop, err := epoll.New()
	if err != nil {
		t.Fatal(err)
	}
	if work != nil {
		loop.Work = work
	}
	ended := make(chan struct{})
	go loop.Lead()
	t.Cleanup(func() {
		loop.Post(func() {
			close(ended)
			runtime.Goexit()
		})
		<-ended
		loop.Free()
	})
	return loop
}

// reads takes a byte from a pipe for each event.
type reads struct {
	fd  int
	got chan byte
}

func (r *reads) Ready(uint32) {
	var b [1]byte
	sys.Read(r.fd, b[:])
	r.got <- b[0]
}

func TestEvents(t *testing.T) {
	loop := running(t, nil)
	r, w, err := sys.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	h := &reads{r, make(chan byte, 9)}
	loop.Do(func() { err = loop.Add(r, epoll.In, h) })
	if err != nil {
		t.Fatal(err)
	}
	syscall.Write(w, []byte("ab")) // what is left is told again
	if got := []byte{<-h.got, <-h.got}; string(got) != "ab" {
		t.Errorf("got %q", got)
	}
	loop.Do(func() { loop.Set(r, epoll.In|epoll.Once) })
	syscall.Write(w, []byte("cd"))
	<-h.got
	loop.Do(func() {})
	loop.Do(func() { loop.Set(r, epoll.In) })
	if got := <-h.got; got != 'd' {
		t.Errorf("got %q", got)
	}
	loop.Do(func() { loop.Remove(r) })
	syscall.Write(w, []byte("e"))
	loop.Do(func() { loop.Close(&r) })
	if len(h.got) > 0 || r != -1 {
		t.Errorf("after the end: %d, %d", len(h.got), r)
	}
	sys.Close(&w)
}

// replaces puts a descriptor in the place of another, once.
type replaces struct {
	loop     *epoll.Loop
	old, new int
	heir     *counts
}

func (r *replaces) Ready(uint32) {
	if r.heir.added {
		return
	}
	r.heir.added = true
	number := r.old
	r.loop.Close(&r.old)
	syscall.Dup3(r.new, number, syscall.O_CLOEXEC)
	r.loop.Add(number, epoll.In, r.heir)
}

// counts counts its events.
type counts struct {
	added bool
	n     int
}

func (c *counts) Ready(uint32) { c.n++ }

// An event belongs to the descriptor that had it, and not to a later one with its number: neither when both were there in
// one turn, nor when a program that starts still has a copy of the closed one.
func TestNumberTakenAgain(t *testing.T) {
	loop, err := epoll.New()
	if err != nil {
		t.Fatal(err)
	}
	var r, w, copies [3]int
	for i := range r {
		if r[i], w[i], err = sys.Pipe(); err != nil {
			t.Fatal(err)
		}
		copies[i], _ = syscall.Dup(r[i])
	}
	turns := 0
	ended := make(chan struct{})
	loop.Work = func() bool {
		if turns++; turns == 3 {
			close(ended)
			runtime.Goexit()
		}
		return true
	}
	heir := &counts{}
	for i := range 2 { // whichever has its turn first replaces the other
		syscall.Write(w[i], []byte("a"))
		if err := loop.Add(r[i], epoll.In, &replaces{loop, r[1-i], r[2], heir}); err != nil {
			t.Fatal(err)
		}
	}
	go loop.Lead()
	<-ended
	if !heir.added || heir.n > 0 {
		t.Errorf("a descriptor without input had %d events", heir.n)
	}
	loop.Free()
	for _, fd := range append(append(r[:], w[:]...), copies[:]...) {
		syscall.Close(fd)
	}
}

// Timers are called in their order, and not when they were stopped.
func TestTimers(t *testing.T) {
	loop := running(t, nil)
	var called []int
	done := make(chan struct{})
	add := func(n int) func() { return func() { called = append(called, n) } }
	loop.After(3*clock.Millisecond, func() {
		add(3)()
		loop.After(0, func() { close(done) })
	})
	loop.After(clock.Millisecond, add(1))
	loop.Stop(loop.After(clock.Millisecond, add(9)))
	loop.After(2*clock.Millisecond, add(2))
	<-done
	if !slices.Equal(called, []int{1, 2, 3}) {
		t.Errorf("called %v", called)
	}
}

// Work comes after everything else, and again at once while there is more.
func TestWork(t *testing.T) {
	left, posted := 0, 0
	done := make(chan int)
	loop := running(t, func() bool {
		if left == 0 {
			return false
		}
		if left--; left == 0 {
			done <- posted
		}
		return left > 0
	})
	loop.Post(func() {
		left = 5
		for range 3 {
			loop.Post(func() { posted++ })
		}
	})
	if got := <-done; got != 3 {
		t.Errorf("%d were posted before the work was done", got)
	}
}
