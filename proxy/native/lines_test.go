//go:build linux

package native

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// An owned is the owner of a run that notes what it is told.
type owned struct {
	name  string
	notes *strings.Builder
	lines *Lines
	free  bool // it gives the buffer back
	over  bool
}

func (o *owned) Begin(h stream.Header) { fmt.Fprintln(o.notes, o.name, "begin", h) }

func (o *owned) Piece(b []byte, line bool) { fmt.Fprintf(o.notes, "%s piece %q %v\n", o.name, b, line) }

func (o *owned) Done(b []byte, err error) {
	if o.over {
		panic("done twice")
	}
	o.over = true
	if err != nil {
		fmt.Fprintln(o.notes, o.name, "failed", err)
		return
	}
	fmt.Fprintf(o.notes, "%s done %q\n", o.name, b[HeadRoom:])
	for i := range HeadRoom { // the header of the answer
		b[i] = '#'
	}
	if o.free {
		o.lines.Settle(b, true)
	}
}

// play has a child with two runs, a1 and b2, write a text in pieces of a size, and returns what happened.
func play(t testing.TB, text []byte, size, concurrency int, free bool) string {
	loop, err := epoll.New()
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Free()
	null, err := syscall.Open("/dev/null", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(null)
	r, w, err := sys.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(r)
	defer syscall.Close(w)
	host := NewHost(loop, null, null)
	host.MaxLine = 1 << 20
	child := &process{pid: -1, exit: -1, stdin: null, result: r, log: [2]int{-1, -1}, host: host, logs: host.Logs}
	l := newLines(newLoop(child), greeting{version: 2, concurrency: concurrency})
	var notes strings.Builder
	for _, id := range []string{"a1", "b2"} {
		run := &Run{Owner: &owned{name: id, notes: &notes, lines: l, free: free}, Log: &Block{}}
		run.open = &openRun{run: run, id: id}
		l.open[id] = run.open
		defer func() { fmt.Fprintf(&notes, "%s log %q\n", id, run.Log.lines) }()
	}
	for len(text) > 0 {
		n := min(size, len(text))
		syscall.Write(w, text[:n])
		for left := n; left > 0; {
			left -= l.read()
		}
		text = text[n:]
	}
	for id := range l.open {
		fmt.Fprintln(&notes, id, "is open")
	}
	if strings.Count(notes.String(), "is open") == 2 { // in whatever order the map has
		return strings.ReplaceAll(strings.ReplaceAll(notes.String(), "a1 is open\n", ""), "b2 is open\n", "")
	}
	return notes.String()
}

// FuzzLines holds that it makes no difference in which pieces a child's output comes, nor whether the owner of a run
// needs the buffer for longer.
func FuzzLines(f *testing.F) {
	for _, text := range []string{
		"out a1 one\nout b2 two\nend a1 {\"a\":1}\nout a1 late\nend b2 []\n",
		"head a1 {\"status\":201}\nput a1 x\nout64 a1 AAEC\nlog a1 y\nmore a1 end {\nend a1 }\n",
		"print 10%end a1 {}\nend b2 {}\nend b2 {}\n\r\n\x00\xff\n",
		"log b2 " + strings.Repeat("x", 9000) + "\nend a1 {\"a\":\"" + strings.Repeat("y", 9000) + "\"}\nend b2 {}\n",
	} {
		f.Add([]byte(text), byte(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, size byte) {
		if len(text) > 32<<10 {
			return
		}
		want := play(t, text, 32<<10, 4, true)
		if got := play(t, text, 1+int(size)*16, 4, false); got != want {
			t.Errorf("in pieces of %d:\n%s\nin one:\n%s", 1+int(size)*16, got, want)
		}
	})
}
