//go:build unix

package cache

import (
	"os"

	"golang.org/x/sys/unix"
)

// flock takes a lock of an open file, alone or with others, if it is free.
func flock(f *os.File, alone bool) bool {
	how := unix.LOCK_SH
	if alone {
		how = unix.LOCK_EX
	}
	return unix.Flock(int(f.Fd()), how|unix.LOCK_NB) == nil
}
