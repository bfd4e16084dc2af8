package rules

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// mostCalls is how many system calls a run may take that comes alone: wait for events, read the request, write it to the
// child, wait for the child, read the result, look whether the child had read the request, two sentinels, the answer.
const mostCalls = 9

// otherCalls are those of Go's runtime, which make no part of a run. It waits for events with epoll_pwait, the proxy with
// epoll_wait.
var otherCalls = regexp.MustCompile(`^\d+ +(epoll_pwait|futex|nanosleep|sched_yield|madvise|mmap|munmap|getpid|tgkill|rt_\w+|---|<\.\.\.)`)

// A run's system calls take longer than everything else that the proxy does for it. Runs that wait for a processor take
// more of them: the fewest count.
func TestRule06_SystemCallsOfARun(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	t.Parallel()
	p := start(t).ready(obey())
	for range 50 {
		p.Run(`{}`)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	tracer := exec.Command(strace, "-f", "-qq", "-o", trace, "-p", fmt.Sprint(p.Cmd.Process.Pid))
	if err := tracer.Start(); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "all threads are traced", func() bool { return traced(p.Cmd.Process.Pid) })
	c := p.Dial()
	for range 200 {
		c.Send("/run", `{"value":{}}`)
		if _, err := c.Answer(); err != nil {
			t.Fatal(err)
		}
	}
	tracer.Process.Signal(syscall.SIGINT) // it detaches
	tracer.Wait()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	runs := strings.Split(string(text), `"POST /run`)
	fewest, calls := 1000, ""
	for _, run := range runs[1 : len(runs)-1] {
		_, run, _ = strings.Cut(run, "\n") // of the read that ends here, and is counted where it begins
		n := 0
		for line := range strings.Lines(run) {
			if !otherCalls.MatchString(line) {
				n++
			}
		}
		if n < fewest {
			fewest, calls = n, run
		}
	}
	if fewest > mostCalls {
		t.Errorf("%d system calls, and %d are allowed:\n%s", fewest, mostCalls, calls)
	}
}

// traced reports whether all threads of a process are being traced.
func traced(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	for _, thread := range threads {
		status, err := os.ReadFile(thread)
		if err != nil || strings.Contains(string(status), "TracerPid:\t0\n") {
			return false
		}
	}
	return len(threads) > 0
}
