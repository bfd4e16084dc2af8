//go:build linux

package native

import (
	"sync"
	"syscall"
	"unsafe"
)

// A Host is what actions share of the proxy: its log streams and its table of
// processes.
type Host struct {
	Logs *Logs

	orphans bool // this process adopts those whose parents have ended
	mu      sync.Mutex
	own     map[int]struct{} // children that this package waits for
}

// NewHost gives a host that logs to two descriptors: usually 1 and 2. A process
// 1 adopts orphans.
func NewHost(stdout, stderr int) *Host {
	return &Host{
		Logs:    &Logs{fd: [2]int{stdout, stderr}},
		orphans: syscall.Getpid() == 1,
		own:     map[int]struct{}{},
	}
}

// fork starts a process that Reap will leave alone.
func (h *Host) fork(path string, argv []string, attr *syscall.ProcAttr) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	pid, err := syscall.ForkExec(path, argv, attr)
	if err == nil {
		h.own[pid] = struct{}{}
	}
	return pid, err
}

// forget is called once a child of this package was waited for.
func (h *Host) forget(pid int) {
	h.mu.Lock()
	delete(h.own, pid)
	h.mu.Unlock()
	h.Reap()
}

// Reap collects orphans that have ended (rule 38). Where the first ended child
// is one of this package's own it stops: whoever waits for that one calls it
// again.
func (h *Host) Reap() {
	if !h.orphans {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		pid := endedChild()
		if _, ours := h.own[pid]; ours || pid <= 0 {
			return
		}
		if _, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil); err != nil && err != syscall.EINTR {
			return
		}
	}
}

// endedChild is a child that has ended and was not waited for, 0 for none. It
// leaves the child as it is.
func endedChild() int {
	const (
		anyChild = 0         // P_ALL
		look     = 0x1000005 // WEXITED | WNOHANG | WNOWAIT
	)
	var info [32]int32 // siginfo_t: the process id is at byte 16
	syscall.Syscall6(syscall.SYS_WAITID, anyChild, 0, uintptr(unsafe.Pointer(&info)), look, 0, 0)
	return int(info[4])
}
