package rules

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"
)

// sentinel ends each activation's log on both streams.
const sentinel = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"

// An output is what a proxy has written to stdout or stderr. Of very much only
// the end is kept.
type output struct {
	pipe      *os.File
	closed    chan struct{} // all has been read
	mu        sync.Mutex
	text      []byte
	total     int64
	sentinels int // lines of text
	counted   int // so far in text: what follows was not searched for them
}

// keptLog is how much of a stream is kept at least, in bytes.
const keptLog = 4 << 20

// newOutput gives an output and the pipe that leads to it.
func newOutput(t *testing.T) (*output, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &output{pipe: r, closed: make(chan struct{})}
	go func() {
		defer close(s.closed)
		defer r.Close()
		b := make([]byte, 64<<10)
		for {
			n, err := r.Read(b)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.total += int64(n)
			s.text = append(s.text, b[:n]...)
			s.count()
			if gone := len(s.text) - keptLog; gone > keptLog {
				s.text = append([]byte(nil), s.text[gone:]...)
				s.counted -= gone
			}
			s.mu.Unlock()
		}
	}()
	return s, w
}

// count counts the sentinels in what has come.
func (s *output) count() {
	for {
		i := bytes.Index(s.text[s.counted:], []byte(sentinel))
		if i < 0 {
			s.counted = max(s.counted, len(s.text)-len(sentinel)+1)
			return
		}
		begin := s.counted + i
		end := begin + len(sentinel)
		if end == len(s.text) { // the line's end is to come
			s.counted = begin
			return
		}
		if (begin == 0 || s.text[begin-1] == '\n') && s.text[end] == '\n' {
			s.sentinels++
		}
		s.counted = end
	}
}

// leave stops reading, so that the proxy writes into a broken pipe.
func (s *output) leave() { s.pipe.Close() }

func (s *output) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text)
}

// tail gives the last n bytes.
func (s *output) tail(n int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text[max(0, len(s.text)-n):])
}

func (s *output) holds(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Contains(s.text, []byte(text))
}

func (s *output) ended() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sentinels
}

func (s *output) size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// activations splits a stream at its sentinels: the log of each run, and what
// has come since the last.
func (s *output) activations() (logs []string, rest string) {
	var run strings.Builder
	for line := range strings.Lines(s.String()) {
		if line == sentinel+"\n" {
			logs = append(logs, run.String())
			run.Reset()
			continue
		}
		run.WriteString(line)
	}
	return logs, run.String()
}

// ended waits until n activations have ended on both streams, and gives their
// logs.
func (p *proxy) ended(n int) (stdout, stderr []string) {
	p.t.Helper()
	await(p.t, "the sentinels are there", func() bool { return p.stdout.ended() >= n && p.stderr.ended() >= n })
	stdout, _ = p.stdout.activations()
	stderr, _ = p.stderr.activations()
	if len(stdout) > n || len(stderr) > n {
		p.t.Fatalf("%d and %d sentinels, want %d", len(stdout), len(stderr), n)
	}
	return stdout, stderr
}

// logged waits until some texts are there, each on one of the streams.
func (p *proxy) logged(wanted ...string) {
	p.t.Helper()
	for _, w := range wanted {
		await(p.t, "the log holds "+w, func() bool { return p.stdout.holds(w) || p.stderr.holds(w) })
	}
}
