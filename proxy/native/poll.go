//go:build linux

package native

import (
	"syscall"
	"unsafe"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

// pollFd is struct pollfd of poll(2).
type pollFd struct {
	fd      int32 // a negative one is passed over
	events  int16
	revents int16
}

const (
	pollIn     = 0x01
	pollOut    = 0x04
	pollError  = 0x08
	pollHangup = 0x10
	// pollAny is all that makes a read worth while.
	pollAny = pollIn | pollError | pollHangup
)

// polls is what a run waits for. The result stands first: what was logged before
// it was written is then seen in the same call.
type polls [5]pollFd

const (
	onResult = iota
	onExit
	onStdout
	onStderr
	onStdin
)

func (p *polls) ready(i int) bool { return p[i].revents&pollAny != 0 }

// wait waits for an event, at most limit; a negative one means for ever. It
// reports false when the time is up.
func (p *polls) wait(limit clock.Duration) bool {
	var left *syscall.Timespec // which the kernel counts down
	if limit >= 0 {
		t := syscall.NsecToTimespec(int64(limit))
		left = &t
	}
	for {
		n, _, err := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(p)), uintptr(len(p)), uintptr(unsafe.Pointer(left)), 0, 0, 0)
		if err != syscall.EINTR {
			return err == 0 && n > 0
		}
	}
}

// unread is how many bytes stand in a pipe, seen from either end.
func unread(fd int) int {
	var n int32
	if _, _, err := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCINQ, uintptr(unsafe.Pointer(&n))); err != 0 {
		return 0
	}
	return int(n)
}

func readFd(fd int, b []byte) int {
	for {
		n, err := syscall.Read(fd, b)
		if err != syscall.EINTR {
			return max(n, 0)
		}
	}
}

// closeFd closes a descriptor that is open. Inlined it would add 0.5 KB.
//
//go:noinline
func closeFd(fd *int) {
	if *fd >= 0 {
		syscall.Close(*fd)
		*fd = -1
	}
}
