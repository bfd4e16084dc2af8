//go:build linux

package sys

import (
	"syscall"
	"unsafe"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

// A PollFd is struct pollfd of poll(2).
type PollFd struct {
	Fd      int32 // a negative one is passed over
	Events  int16
	Revents int16
}

// Events of a PollFd.
const (
	PollIn     = 0x01
	PollOut    = 0x04
	PollError  = 0x08
	PollHangup = 0x10
)

// Poll waits for an event, at most limit; a negative limit is none. It reports false when the time is up.
//
//go:noinline
func Poll(fds []PollFd, limit clock.Duration) bool {
	var left *syscall.Timespec // the kernel counts it down
	if limit >= 0 {
		t := syscall.NsecToTimespec(int64(limit))
		left = &t
	}
	for {
		n, _, err := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&fds[0])), uintptr(len(fds)), uintptr(unsafe.Pointer(left)), 0, 0, 0)
		if err != syscall.EINTR {
			return err == 0 && n > 0
		}
	}
}
