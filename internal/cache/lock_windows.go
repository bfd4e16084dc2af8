package cache

import (
	"os"

	"golang.org/x/sys/windows"
)

// behind is the offset of the byte that is locked, behind all content: nobody else can read a locked one.
const behind = 1 << 30

// flock takes a lock of an open file, alone or with others, if it is free.
func flock(f *os.File, alone bool) bool {
	var how uint32 = windows.LOCKFILE_FAIL_IMMEDIATELY
	if alone {
		how |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	return windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, &windows.Overlapped{Offset: behind}) == nil
}
