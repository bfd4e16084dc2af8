//go:build linux

package sys

import (
	"syscall"
	"unsafe"
)

// Wait collects the status of a child (wait4(2)).
//
//go:noinline
func Wait(pid int, status *syscall.WaitStatus, options int) error {
	for {
		if _, err := syscall.Wait4(pid, status, options, nil); err != syscall.EINTR {
			return err
		}
	}
}

// AwaitEnd waits until a child has ended, and leaves its status to be collected.
func AwaitEnd(pid int) {
	const thisChild = 1 // P_PID
	waitID(thisChild, pid, 0)
}

// EndedChild returns a child that has ended and whose status was not collected, 0 for none.
func EndedChild() int {
	const (
		anyChild = 0 // P_ALL
		noHang   = 1 // WNOHANG
	)
	return waitID(anyChild, 0, noHang)
}

// waitID is waitid(2): it looks for a child that has ended, leaves it as it is and returns its process id, 0 for none.
func waitID(kind, id, options int) int {
	const look = 0x1000004 // WEXITED | WNOWAIT
	for {
		var info [32]int32 // siginfo_t
		_, _, err := syscall.Syscall6(syscall.SYS_WAITID, uintptr(kind), uintptr(id), uintptr(unsafe.Pointer(&info)), uintptr(look|options), 0, 0)
		if err != syscall.EINTR {
			return int(info[2+unsafe.Sizeof(uintptr(0))/4]) // si_pid is aligned as a pointer is
		}
	}
}
