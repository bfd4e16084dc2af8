package rules

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is a guard against tests that hang; nothing is measured by it.
const patience = 3 * time.Minute

// A proxy is a running one.
type proxy struct {
	t              *testing.T
	cmd            *exec.Cmd
	dir            string // its OW_ACTION_DIR
	address        string // host:port
	stdout, stderr *output
	exited         chan struct{}
	marker         string // stands in the environment of all its descendants
}

// A setting changes how a proxy is started.
type setting func(c *exec.Cmd)

// env sets variables of the proxy: KEY=value.
func env(variables ...string) setting {
	return func(c *exec.Cmd) { c.Env = append(c.Env, variables...) }
}

// build picks another binary than the shipped one.
func build(binary string) setting {
	return func(c *exec.Cmd) { c.Path = binary }
}

// asInit makes the proxy process 1 of a process namespace of its own.
func asInit(t *testing.T) setting {
	if os.Getuid() != 0 {
		t.Skip("only root makes process namespaces")
	}
	return func(c *exec.Cmd) { c.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID }
}

// asUser runs the proxy as another user, who owns its action directory.
func asUser(t *testing.T, id uint32) setting {
	if os.Getuid() != 0 {
		t.Skip("only root becomes another user")
	}
	return func(c *exec.Cmd) {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: id, Gid: id}
		for _, v := range c.Env {
			if dir, ok := strings.CutPrefix(v, "OW_ACTION_DIR="); ok {
				os.Chown(dir, int(id), int(id))
				for d := filepath.Dir(dir); strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
					os.Chmod(d, 0o755)
				}
			}
		}
	}
}

// limited starts the proxy under prlimit(1) with options such as --nofile=1024.
func limited(t *testing.T, options ...string) setting {
	prlimit, err := exec.LookPath("prlimit")
	if err != nil {
		t.Skip("no prlimit on this machine")
	}
	return func(c *exec.Cmd) {
		c.Args = append(append([]string{"prlimit"}, options...), c.Path)
		c.Path = prlimit
	}
}

// start starts a proxy and waits until it listens. When the test is over it is
// ended, with all that it started, and must not have crashed.
func start(t *testing.T, settings ...setting) *proxy {
	t.Helper()
	p := launch(t, settings...)
	await(t, "the proxy listens", func() bool {
		if p.hasExited() {
			t.Fatalf("the proxy ended: %s\n%s", p.cmd.ProcessState, p.stderr)
		}
		p.address = listening(p.cmd.Process.Pid)
		return p.address != ""
	})
	return p
}

// launch starts a proxy that may end at once.
func launch(t *testing.T, settings ...setting) *proxy {
	t.Helper()
	dir := t.TempDir()
	p := &proxy{t: t, dir: filepath.Join(dir, "action"), exited: make(chan struct{}), marker: "RULES_MARKER=" + dir}
	if err := os.Mkdir(p.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	p.cmd = &exec.Cmd{Path: binaries.proxy, Args: []string{"proxy"}, SysProcAttr: &syscall.SysProcAttr{}}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "OW_PORT=0", "OW_ACTION_DIR=" + p.dir, p.marker}
	for _, set := range settings {
		set(p.cmd)
	}
	var outs [2]*os.File
	p.stdout, outs[0] = newOutput(t)
	p.stderr, outs[1] = newOutput(t)
	if p.cmd.Stdout == nil {
		p.cmd.Stdout, p.cmd.Stderr = outs[0], outs[1]
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	outs[0].Close()
	outs[1].Close()
	go func() {
		p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(p.end)
	return p
}

func (p *proxy) end() {
	p.cmd.Process.Kill()
	<-p.exited
	for _, pid := range p.descendants() {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, out := range []*output{p.stdout, p.stderr} {
		for _, crash := range []string{"panic:", "fatal error:", "DATA RACE", "SIGSEGV", "throw:"} {
			if out.holds(crash) {
				_, after, _ := strings.Cut(out.String(), crash)
				p.t.Errorf("the proxy crashed: %s%.1500s", crash, after)
			}
		}
	}
	if p.t.Failed() {
		p.t.Logf("stdout: %.500s\nstderr: %.500s", p.stdout, p.stderr)
	}
}

func (p *proxy) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// signal sends a signal to the proxy.
func (p *proxy) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("signal %v: %v", s, err)
	}
}

// status waits for the proxy's end and gives its exit status, -1 for a signal.
func (p *proxy) status() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatal("the proxy did not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// listening is the address at which a process listens, "" for none.
func listening(pid int) string {
	for _, link := range descriptors(pid) {
		inode, ok := strings.CutPrefix(link, "socket:[")
		if !ok {
			continue
		}
		for s := range sockets(false) {
			if s.inode+"]" == inode {
				return fmt.Sprintf("127.0.0.1:%d", s.port)
			}
		}
	}
	return ""
}

// descriptors are what the open descriptors of a process lead to, sockets and
// pipes by their number.
func descriptors(pid int) []string {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, _ := os.ReadDir(dir)
	var links []string
	for _, e := range entries {
		if link, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			links = append(links, link)
		}
	}
	return links
}

// descendants are the processes that a proxy and its actions started and that
// are still there, zombies excepted.
func (p *proxy) descendants() (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == p.cmd.Process.Pid {
			continue
		}
		environ, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if bytes.Contains(append([]byte{0}, environ...), []byte("\x00"+p.marker+"\x00")) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// zombies counts the children of the proxy that nobody waited for.
func (p *proxy) zombies() (n int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		stat, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if i := bytes.LastIndexByte(stat, ')'); i > 0 {
			f := strings.Fields(string(stat[i+1:]))
			if f[0] == "Z" && f[1] == strconv.Itoa(p.cmd.Process.Pid) {
				n++
			}
		}
	}
	return n
}

// threads counts the threads of the proxy.
func (p *proxy) threads() int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid))
	return len(entries)
}

// peakMemory is the most memory that the proxy ever had resident, in bytes.
func (p *proxy) peakMemory() int64 {
	p.t.Helper()
	return p.memory("VmHWM:")
}

// residentMemory is how much memory the proxy has resident now, in bytes.
func (p *proxy) residentMemory() int64 {
	p.t.Helper()
	return p.memory("VmRSS:")
}

func (p *proxy) memory(name string) int64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), name)
	kb, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	return kb << 10
}
