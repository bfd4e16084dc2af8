package rules

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// settled waits until the proxy has taken all that was sent to it, has done what
// there was to do, and waits for something.
func (p *proxy) settled() {
	p.T.Helper()
	_, text, _ := net.SplitHostPort(p.Address)
	port, _ := strconv.ParseUint(text, 10, 16)
	testkit.Await(p.T, "the proxy has taken what was sent", func() bool {
		for s := range testkit.Sockets(true) {
			if s.Port == port && s.Unread > 0 {
				return false
			}
		}
		return p.waits()
	})
}

// waits reports whether the proxy has done what there was to do, and waits for something.
func (p *proxy) waits() bool {
	before, asleep := p.switches()
	after, still := p.switches()
	return asleep && still && before == after
}

// switches counts how often the proxy's threads have gone to sleep, and tells
// whether all of them sleep.
func (p *proxy) switches() (n int, asleep bool) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", p.Cmd.Process.Pid))
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			return 0, false // one has just ended
		}
		_, state, _ := strings.Cut(string(text), "\nState:\t")
		_, count, found := strings.Cut(string(text), "\nvoluntary_ctxt_switches:\t")
		if !found || state[0] != 'S' {
			return 0, false
		}
		line, _, _ := strings.Cut(count, "\n")
		slept, _ := strconv.Atoi(line)
		n += slept
	}
	return n, len(tasks) > 0
}
