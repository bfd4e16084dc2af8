//go:build linux

package main

import "syscall"

// closeInherited closes the descriptors from 3 on that whoever started the proxy
// has left open, as flock(1) does with its file: they are no business of an
// action's. Those that Go's runtime has opened by now close by themselves on exec;
// what was inherited cannot, or it would not be here.
func closeInherited() {
	// The runtime's are the lowest that were free, so that a row of free ones is
	// above them.
	const row = 64
	fd, free := 3, 0
	for ; free < row; fd++ {
		flags, _, err := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
		switch {
		case err != 0:
			free++
			continue
		case flags&syscall.FD_CLOEXEC == 0:
			syscall.Close(fd)
		}
		free = 0
	}
	closeFrom(fd)
}

// closeFrom closes all descriptors from fd on.
func closeFrom(fd int) {
	const closeRange = 436 // close_range(2), on every architecture
	if _, _, err := syscall.Syscall(closeRange, uintptr(fd), 1<<32-1, 0); err == 0 {
		return
	}
	closeEach(fd)
}

// closeEach is closeFrom for kernels before 5.9.
func closeEach(fd int) {
	const most = 1 << 16
	limit := syscall.Rlimit{Cur: most}
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	for ; fd < int(min(limit.Cur, most)); fd++ {
		syscall.Close(fd)
	}
}
