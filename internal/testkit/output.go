package testkit

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"
)

// Sentinel ends the log of each activation on both streams.
const Sentinel = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"

// An Output is the text that a server has written to stdout or stderr. Of a long text only the end is kept.
type Output struct {
	Closed    chan struct{} // is closed when all has been read
	pipe      *os.File
	mu        sync.Mutex
	text      []byte
	total     int64
	sentinels int // lines of text
	counted   int // the bytes of text that were searched for them
}

// keptLog is the least number of bytes of a stream that are kept.
const keptLog = 4 << 20

// newOutput returns an output and the pipe that leads to it.
func newOutput(t testing.TB) (*Output, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	o := &Output{pipe: r, Closed: make(chan struct{})}
	go func() {
		defer close(o.Closed)
		defer r.Close()
		b := make([]byte, 64<<10)
		for {
			n, err := r.Read(b)
			if err != nil {
				return
			}
			o.take(b[:n])
		}
	}()
	return o, w
}

func (o *Output) take(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.total += int64(len(b))
	o.text = append(o.text, b...)
	o.count()
	if gone := len(o.text) - keptLog; gone > keptLog {
		o.text = append([]byte(nil), o.text[gone:]...)
		o.counted -= gone
	}
}

// count counts the sentinels in the text.
func (o *Output) count() {
	for {
		i := bytes.Index(o.text[o.counted:], []byte(Sentinel))
		if i < 0 {
			o.counted = max(o.counted, len(o.text)-len(Sentinel)+1)
			return
		}
		begin := o.counted + i
		end := begin + len(Sentinel)
		if end == len(o.text) { // the line's end is to come
			o.counted = begin
			return
		}
		if (begin == 0 || o.text[begin-1] == '\n') && o.text[end] == '\n' {
			o.sentinels++
		}
		o.counted = end
	}
}

// Leave stops reading, so that the server writes into a broken pipe.
func (o *Output) Leave() { o.pipe.Close() }

func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// Tail returns the last n bytes.
func (o *Output) Tail(n int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text[max(0, len(o.text)-n):])
}

// Holds reports whether a text has come.
func (o *Output) Holds(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Contains(o.text, []byte(text))
}

// HasLine reports whether a line has come.
func (o *Output) HasLine(line string) bool {
	return strings.Contains("\n"+o.String(), "\n"+line+"\n")
}

// Ended returns how many activations have ended.
func (o *Output) Ended() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sentinels
}

// Size returns how many bytes have come.
func (o *Output) Size() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.total
}

// activations splits a stream at its sentinels into the logs of the runs.
func (o *Output) activations() (logs []string) {
	var run strings.Builder
	for line := range strings.Lines(o.String()) {
		if line == Sentinel+"\n" {
			logs = append(logs, run.String())
			run.Reset()
			continue
		}
		run.WriteString(line)
	}
	return logs
}

// Ended waits until n activations have ended on both streams, and returns their logs.
func (s *Server) Ended(n int) (stdout, stderr []string) {
	s.T.Helper()
	Await(s.T, "the sentinels are there", func() bool { return s.Stdout.Ended() >= n && s.Stderr.Ended() >= n })
	stdout, stderr = s.Stdout.activations(), s.Stderr.activations()
	if len(stdout) > n || len(stderr) > n {
		s.T.Fatalf("%d and %d sentinels, want %d", len(stdout), len(stderr), n)
	}
	return stdout, stderr
}

// Logged waits until each of some texts is on one of the streams.
func (s *Server) Logged(wanted ...string) {
	s.T.Helper()
	for _, w := range wanted {
		Await(s.T, "the log holds "+w, func() bool { return s.Stdout.Holds(w) || s.Stderr.Holds(w) })
	}
}
