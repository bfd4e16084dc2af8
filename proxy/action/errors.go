//go:build linux

package action

import (
	"errors"
	"os"
	"strconv"
	"syscall"
)

func is(err error, errno syscall.Errno) bool { return errors.Is(err, errno) }

// cause is the kernel's word, without the operation and path around it.
func cause(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

func uid() string { return strconv.Itoa(os.Getuid()) }
