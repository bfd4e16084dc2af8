//go:build unix

package atomicfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncing is how a file is opened to be synced.
const syncing = os.O_RDONLY

func rename(from, to string) error { return os.Rename(from, to) }

// hold takes the lock of a writer's own temporary file or folder, unless a sweep was quicker. The system releases it
// when the process ends, however it ends.
func hold(name string) (unlock func(), ok bool) { return lock(name) }

// abandoned takes the lock of a temporary file or folder that has no writer any more.
func abandoned(name string) (unlock func(), ok bool) { return lock(name) }

func lock(name string) (unlock func(), ok bool) {
	f, err := os.Open(name)
	if err != nil {
		return nil, false
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil || !sameFile(f, name) {
		_ = f.Close()
		return nil, false
	}
	return func() { _ = f.Close() }, true
}

func sameFile(f *os.File, name string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(opened, named)
}

// wait takes the lock of a folder as soon as it is free. On a file system without locks it returns at once.
func wait(dir string) (unlock func()) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {}
	}
	for {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != unix.EINTR {
			return func() { _ = f.Close() }
		}
	}
}
