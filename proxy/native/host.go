//go:build linux

package native

import (
	"sync"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// A Host holds the parts of the proxy that actions share: its loop, its log streams and its table of processes.
type Host struct {
	Loop *epoll.Loop
	Logs *Logs
	// Orphans tells that this process adopts those whose parents have ended, and has to collect them. A program whose
	// own code waits for children must not set it.
	Orphans bool
	// MaxLine is how long a line of an action may be that is no log, in bytes.
	MaxLine int64

	// forking is held while a child starts, which takes a while, so that the loop waits for mu alone.
	forking sync.Mutex
	mu      sync.Mutex
	own     map[int]*process // children that were not waited for yet
}

// NewHost returns a host that logs to two descriptors: usually 1 and 2.
func NewHost(loop *epoll.Loop, stdout, stderr int) *Host {
	return &Host{
		Loop:    loop,
		Logs:    newLogs(stdout, stderr),
		Orphans: syscall.Getpid() == 1,
		MaxLine: 64 << 20,
		own:     map[int]*process{},
	}
}

// fork starts c's process.
func (h *Host) fork(c *process, path string, argv []string, attr *syscall.ProcAttr) error {
	h.forking.Lock()
	defer h.forking.Unlock()
	pid, err := syscall.ForkExec(path, argv, attr)
	if err == nil {
		c.pid = pid
		h.mu.Lock()
		h.own[pid] = c
		h.mu.Unlock()
	}
	return err
}

// Signal signals every child of this package and its process group.
func (h *Host) Signal(s syscall.Signal) {
	h.forking.Lock()
	defer h.forking.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	for pid := range h.own {
		syscall.Kill(-pid, s)
	}
}

// collect waits for a child of this package, unless that was done, and forgets it.
func (h *Host) collect(c *process) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, there := h.own[c.pid]; !there {
		return
	}
	sys.Wait(c.pid, &c.status, 0)
	delete(h.own, c.pid)
	c.ended.Store(true)
}

// Reap collects children that have ended: orphans that this process adopted (rule 38), and its own.
func (h *Host) Reap() {
	if !h.Orphans {
		return
	}
	for {
		pid := sys.EndedChild()
		if pid <= 0 {
			return
		}
		h.forking.Lock() // it may be a child that is not in the table yet
		h.mu.Lock()
		c := h.own[pid]
		h.mu.Unlock()
		h.forking.Unlock()
		if c != nil {
			h.collect(c)
		} else if sys.Wait(pid, nil, syscall.WNOHANG) != nil {
			return
		}
	}
}
