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

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// The tests say these so often that they have short names here.
type (
	answer     = testkit.Answer
	connection = testkit.Connection
	file       = testkit.File
	setting    = testkit.Setting
)

// A proxy is a running one.
type proxy struct {
	*testkit.Server
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
	p := &proxy{testkit.Start(t, binaries.proxy, settings...)}
	t.Cleanup(p.end)
	return p
}

// launch starts a proxy that may end at once.
func launch(t *testing.T, settings ...setting) *proxy {
	t.Helper()
	p := &proxy{testkit.Launch(t, binaries.proxy, settings...)}
	t.Cleanup(p.end)
	return p
}

func (p *proxy) end() {
	p.End()
	for _, out := range []*testkit.Output{p.Stdout, p.Stderr} {
		for _, crash := range []string{"panic:", "fatal error:", "DATA RACE", "SIGSEGV", "throw:"} {
			if out.Holds(crash) {
				_, after, _ := strings.Cut(out.String(), crash)
				p.T.Errorf("the proxy crashed: %s%.1500s", crash, after)
			}
		}
	}
}

// zombies counts the children of the proxy that nobody waited for.
func (p *proxy) zombies() (n int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		stat, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if i := bytes.LastIndexByte(stat, ')'); i > 0 {
			f := strings.Fields(string(stat[i+1:]))
			if f[0] == "Z" && f[1] == strconv.Itoa(p.Cmd.Process.Pid) {
				n++
			}
		}
	}
	return n
}

// threads counts the threads of the proxy.
func (p *proxy) threads() int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.Cmd.Process.Pid))
	return len(entries)
}

// peakMemory is the most memory that the proxy ever had resident, in bytes.
func (p *proxy) peakMemory() int64 {
	p.T.Helper()
	return p.memory("VmHWM:")
}

// residentMemory is how much memory the proxy has resident now, in bytes.
func (p *proxy) residentMemory() int64 {
	p.T.Helper()
	return p.memory("VmRSS:")
}

func (p *proxy) memory(name string) int64 {
	p.T.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Cmd.Process.Pid))
	if err != nil {
		p.T.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), name)
	kb, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		p.T.Fatal(err)
	}
	return kb << 10
}
