//go:build linux

package native

import (
	"bytes"
	"sync"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// Sentinel ends an activation's log on each stream (rule 34).
const Sentinel = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n"

// Logs is where the proxy's own stdout and stderr are written, and nowhere else. It knows whether the last line was
// ended, because the platform's log collector wants the sentinel alone on its line.
type Logs struct {
	mu      sync.Mutex
	fd      [2]int
	one     bool     // both lead to the same file, where all bytes end up
	partial [2]bool  // the last byte written was no line end
	ends    []byte   // a line end and two sentinels; made once, for each conversion of a string this long allocates
	tail    *[]byte  // where the last lines are also kept, while an action starts
	held    *held    // where bytes are kept instead
	records *records // makes objects of lines; nil where they stay as they are

	loop    *epoll.Loop // where set, no write of the loop blocks
	pending [2][]byte   // bytes that the descriptors do not take for now
	drained sync.Cond   // nothing is pending
	after   []func()    // is called then
}

// mostPending is how much may be pending, in bytes, before processes are kept from logging more.
const mostPending = 64 << 10

// newLogs returns the logs on two descriptors.
func newLogs(stdout, stderr int) *Logs {
	l := &Logs{fd: [2]int{stdout, stderr}, one: same(stdout, stderr), ends: []byte("\n" + Sentinel + Sentinel)}
	l.drained.L = &l.mu
	return l
}

// same reports whether two descriptors lead to the same file.
func same(a, b int) bool {
	var x, y syscall.Stat_t
	return syscall.Fstat(a, &x) == nil && syscall.Fstat(b, &y) == nil && x.Dev == y.Dev && x.Ino == y.Ino
}

// tailSize is how much of the logs goes into the error of a failed init.
const tailSize = 512

// Stream numbers of Logs.
const (
	Stdout = 0
	Stderr = 1
)

// Write relays bytes of an action. It writes later those that the descriptor does not take for now.
func (l *Logs) Write(stream int, b []byte) {
	if len(b) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.records != nil {
		l.records.write(stream, b, l)
	} else {
		l.write(stream, b)
	}
	if l.tail != nil {
		t := append(*l.tail, b...)
		*l.tail = t[max(0, len(t)-tailSize):]
	}
}

// Line writes a line of the proxy's own.
func (l *Logs) Line(stream int, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.records != nil {
		if len(l.records.part[stream]) > 0 {
			text = "\n" + text
		}
		l.records.write(stream, []byte(text+"\n"), l)
		return
	}
	if text = text + "\n"; l.partial[stream] {
		text = "\n" + text
	}
	l.write(stream, []byte(text))
}

// Sentinels ends an activation's logs on both streams: where they are one file, with two sentinels in one system call.
func (l *Logs) Sentinels() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.records != nil {
		l.records.end(l)
		return
	}
	if l.one {
		l.end(Stdout, l.ends)
		return
	}
	line := l.ends[:1+len(Sentinel)]
	l.end(Stdout, line)
	l.end(Stderr, line)
}

// end writes text, whose first byte is a line end for a line that was not ended.
//
//go:noinline
func (l *Logs) end(stream int, text []byte) {
	if !l.partial[stream] {
		text = text[1:]
	}
	l.write(stream, text)
}

func (l *Logs) write(stream int, b []byte) {
	if l.held != nil {
		l.held.write(stream, b)
		return
	}
	l.partial[stream] = b[len(b)-1] != '\n'
	if l.one {
		l.partial[1-stream] = l.partial[stream]
		stream = Stdout
	}
	for len(b) > 0 {
		if len(l.pending[stream]) > 0 {
			l.keep(stream, b)
			return
		}
		n, err := sys.Write(l.fd[stream], b)
		switch {
		case err == syscall.EAGAIN && l.loop != nil:
			l.keep(stream, b)
			return
		case err == syscall.EAGAIN: // a stream that somebody made non-blocking
			sys.Poll([]sys.PollFd{{Fd: int32(l.fd[stream]), Events: sys.PollOut}}, -1)
		case err != nil:
			return // nobody reads the logs: no reason to stop serving
		default:
			b = b[n:]
		}
	}
}

// keepTail starts to keep the last lines, for lastLines.
func (l *Logs) keepTail() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = new([]byte)
}

// lastLines returns the last lines since keepTail, on one line, and stops keeping them.
func (l *Logs) lastLines() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tail == nil {
		return ""
	}
	t := *l.tail
	l.tail = nil
	if len(t) == tailSize {
		if i := bytes.IndexByte(t, '\n'); i >= 0 && i < len(t)-1 {
			t = t[i+1:]
		}
	}
	return oneLine(t)
}

func oneLine(text []byte) string {
	var line []byte
	for _, c := range bytes.TrimSpace(text) {
		switch c {
		case '\r':
		case '\n':
			line = append(line, " | "...)
		default:
			line = append(line, c)
		}
	}
	return string(line)
}
