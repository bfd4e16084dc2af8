package rules

import (
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
	pipe  *os.File
	mu    sync.Mutex
	text  []byte
	total int64
}

// keptLog is how much of a stream is kept at least, in bytes.
const keptLog = 16 << 20

// newOutput gives an output and the pipe that leads to it.
func newOutput(t *testing.T) (*output, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &output{pipe: r}
	go func() {
		defer r.Close()
		b := make([]byte, 64<<10)
		for {
			n, err := r.Read(b)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.total += int64(n)
			if s.text = append(s.text, b[:n]...); len(s.text) > 2*keptLog {
				s.text = append([]byte(nil), s.text[len(s.text)-keptLog:]...)
			}
			s.mu.Unlock()
		}
	}()
	return s, w
}

// leave stops reading, so that the proxy writes into a broken pipe.
func (s *output) leave() { s.pipe.Close() }

func (s *output) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text)
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
	await(p.t, "the sentinels are there", func() bool {
		stdout, _ = p.stdout.activations()
		stderr, _ = p.stderr.activations()
		return len(stdout) >= n && len(stderr) >= n
	})
	if len(stdout) > n || len(stderr) > n {
		p.t.Fatalf("%d and %d sentinels, want %d", len(stdout), len(stderr), n)
	}
	return stdout, stderr
}

// logged waits until both streams together hold some texts.
func (p *proxy) logged(wanted ...string) {
	p.t.Helper()
	for _, w := range wanted {
		await(p.t, "the log holds "+w, func() bool { return strings.Contains(p.stdout.String()+p.stderr.String(), w) })
	}
}
