//go:build !unix

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// syncing is how a file is opened to be synced: Windows syncs only what may be written.
const syncing = os.O_WRONLY

// rename tries again for a while: Windows renames nothing that is open, and replaces nothing that is, and programs that
// look for viruses open new files.
func rename(from, to string) error {
	const tries, pause = 9, 5 * time.Millisecond // 2.6 s in all
	var err error
	for try := range tries {
		if err = os.Rename(from, to); !errors.Is(err, fs.ErrPermission) && !errors.Is(err, sharingViolation) {
			return err
		}
		time.Sleep(pause << try)
	}
	return err
}

// sharingViolation is Windows' ERROR_SHARING_VIOLATION: another program has the file open.
const sharingViolation = syscall.Errno(32)

// hold has no lock to take on this system.
func hold(string) (unlock func(), ok bool) { return func() {}, true }

// abandoned goes by age: nothing is written for a whole day.
func abandoned(name string) (unlock func(), ok bool) {
	stat, err := os.Stat(name)
	return func() {}, err == nil && time.Since(stat.ModTime()) > 24*time.Hour
}

// wait has no lock to wait for on this system.
func wait(string) (unlock func()) { return func() {} }
