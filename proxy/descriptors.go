//go:build linux

package main

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// closeInherited closes the descriptors from 3 on that the parent process has left open, as flock(1) does with its
// file: they are no business of an action's. Those that Go's runtime has opened by now close by themselves on exec;
// inherited ones do not, or they would not be here.
func closeInherited() {
	// The runtime's are the lowest that were free, so that a row of free ones is above them.
	const row = 64
	fd, free := 3, 0
	for ; free < row; fd++ {
		flags, err := sys.Fcntl(fd, syscall.F_GETFD, 0)
		switch {
		case err != nil:
			free++
			continue
		case flags&syscall.FD_CLOEXEC == 0:
			syscall.Close(fd)
		}
		free = 0
	}
	sys.CloseFrom(fd)
}
