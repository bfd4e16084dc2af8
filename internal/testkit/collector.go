package testkit

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Collector reads the logs of a server as the invoker does for images of users: when the answer comes, it takes each
// stream up to the sentinel. It does not wait, so a late line belongs to the next activation.
type Collector struct {
	t     testing.TB
	files [2]string
	taken [2]int // bytes, up to the last sentinel that was read
}

// Collect returns a collector, and the setting with which the server logs to the collector's files.
func Collect(t testing.TB) (*Collector, Setting) {
	t.Helper()
	dir := t.TempDir()
	c := &Collector{t: t, files: [2]string{filepath.Join(dir, "stdout"), filepath.Join(dir, "stderr")}}
	return c, func(cmd *exec.Cmd) {
		var open [2]*os.File
		for i, name := range c.files {
			var err error
			if open[i], err = os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { open[i].Close() })
		}
		cmd.Stdout, cmd.Stderr = open[0], open[1]
	}
}

// Merged is the setting that leads both streams to the first file. It follows the setting of Collect.
func (c *Collector) Merged(cmd *exec.Cmd) { cmd.Stderr = cmd.Stdout }

// Read returns all of stdout (0) or stderr (1).
func (c *Collector) Read(stream int) []byte {
	c.t.Helper()
	b, err := os.ReadFile(c.files[stream])
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// Forget skips everything that was logged.
func (c *Collector) Forget() { c.taken = [2]int{len(c.Read(0)), len(c.Read(1))} }

// Activation returns the logs of the activation whose answer has just come. Nothing else may have been logged.
func (c *Collector) Activation() (logs [2]string) {
	c.t.Helper()
	for i := range c.files {
		b := c.Read(i)[c.taken[i]:]
		c.taken[i] += len(b)
		log, ended := strings.CutSuffix("\n"+string(b), "\n"+Sentinel+"\n")
		if !ended || strings.Contains(log, Sentinel) {
			c.t.Fatalf("stream %d does not end with its one sentinel at the answer: %.300q", i+1, b)
		}
		if logs[i] = strings.TrimPrefix(log, "\n"); logs[i] != "" {
			logs[i] += "\n"
		}
	}
	return logs
}

// Ended returns how many activations have ended on both streams.
func (c *Collector) Ended() int {
	end := []byte("\n" + Sentinel + "\n")
	count := func(stream int) int { return bytes.Count(append([]byte("\n"), c.Read(stream)...), end[1:]) }
	return min(count(0), count(1))
}
