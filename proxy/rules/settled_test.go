package rules

import (
	"bufio"
	"fmt"
	"iter"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A socket is a line of /proc/net/tcp or tcp6.
type socket struct {
	port, state uint64
	unread      uint64 // bytes; of one that listens: connections
	inode       string
}

const stateListen = 0x0A

// sockets gives the TCP sockets of this machine: all, or those alone that listen,
// which stand first.
func sockets(all bool) iter.Seq[socket] {
	return func(yield func(socket) bool) {
		for _, table := range []string{"tcp6", "tcp"} {
			f, err := os.Open("/proc/net/" + table)
			if err != nil {
				continue // a kernel without IPv6
			}
			defer f.Close()
			lines := bufio.NewScanner(f)
			for lines.Scan() {
				words := strings.FieldsFunc(lines.Text(), func(r rune) bool { return r == ' ' || r == ':' })
				if len(words) < 14 || words[0] == "sl" {
					continue
				}
				number := func(hex string) uint64 { n, _ := strconv.ParseUint(hex, 16, 64); return n }
				s := socket{number(words[2]), number(words[5]), number(words[7]), words[13]}
				if s.state != stateListen && !all {
					break
				}
				if !yield(s) {
					return
				}
			}
		}
	}
}

// settled waits until the proxy has taken all that was sent to it, has done what
// there was to do, and waits for something.
func (p *proxy) settled() {
	p.t.Helper()
	_, text, _ := net.SplitHostPort(p.address)
	port, _ := strconv.ParseUint(text, 10, 16)
	await(p.t, "the proxy has taken what was sent", func() bool {
		for s := range sockets(true) {
			if s.port == port && s.unread > 0 {
				return false
			}
		}
		before, asleep := p.switches()
		after, still := p.switches()
		return asleep && still && before == after
	})
}

// switches counts how often the proxy's threads have gone to sleep, and tells
// whether all of them sleep.
func (p *proxy) switches() (n int, asleep bool) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", p.cmd.Process.Pid))
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
