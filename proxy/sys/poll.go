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
func Poll(fds []PollFd, limit clock.Duration) bool { return poll(fds, limit, syscall.Syscall6) }

// PollBriefly is Poll for a moment, during which the thread keeps what it has of Go's scheduler.
//
//go:noinline
func PollBriefly(fds []PollFd, limit clock.Duration) bool {
	return poll(fds, limit, syscall.RawSyscall6)
}

//go:noinline
func poll(fds []PollFd, limit clock.Duration, call func(n, a, b, c, d, e, f uintptr) (x, y uintptr, err syscall.Errno)) bool {
	var left *syscall.Timespec // the kernel counts it down
	if limit >= 0 {
		t := syscall.NsecToTimespec(int64(limit))
		left = &t
	}
	for {
		n, _, err := call(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&fds[0])), uintptr(len(fds)), uintptr(unsafe.Pointer(left)), 0, 0, 0)
		if err != syscall.EINTR {
			return err == 0 && n > 0
		}
	}
}
