//go:build linux

package sys

import "syscall"

// Close closes a descriptor, unless it is negative, and sets it to -1. Inlined it would add 0.5 KB.
//
//go:noinline
func Close(fd *int) {
	if *fd >= 0 {
		syscall.Close(*fd)
		*fd = -1
	}
}

// Fcntl is fcntl(2) with a number as its argument.
//
//go:noinline
func Fcntl(fd, command, argument int) (int, error) {
	n, _, err := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), uintptr(command), uintptr(argument))
	if err != 0 {
		return -1, err
	}
	return int(n), nil
}

// CloseFrom closes all descriptors from fd on.
func CloseFrom(fd int) {
	if !closeRange(fd, 0) {
		eachFrom(fd, func(fd int) { syscall.Close(fd) })
	}
}

// CloseOnExecFrom keeps all descriptors from fd on from the programs that this one starts.
func CloseOnExecFrom(fd int) {
	const closeOnExec = 4 // CLOSE_RANGE_CLOEXEC, of Linux 5.11
	if !closeRange(fd, closeOnExec) {
		eachFrom(fd, syscall.CloseOnExec)
	}
}

// closeRange is close_range(2) without an end. It reports false where the kernel lacks it, as before Linux 5.9.
func closeRange(fd int, flags uintptr) bool {
	const number, last = 436, 1<<32 - 1 // the number is the same on every architecture
	_, _, err := syscall.Syscall(number, uintptr(fd), last, flags)
	return err == 0
}

// eachFrom calls do with every number that a descriptor from fd on may have.
func eachFrom(fd int, do func(fd int)) {
	const most = 1 << 16
	limit := syscall.Rlimit{Cur: most}
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	for ; fd < int(min(limit.Cur, most)); fd++ {
		do(fd)
	}
}
