package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
)

// syncing is how a file is opened to be synced: Windows syncs only what may be written.
const syncing = os.O_WRONLY

// rename tries again for a while: Windows renames nothing that is open, and replaces nothing that is, and programs that
// look for viruses open new files.
func rename(from, to string) error {
	const tries, pause = 9, 5 * time.Millisecond // 2.6 s in all
	var err error
	for try := range tries {
		if err = os.Rename(from, to); !errors.Is(err, fs.ErrPermission) && !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
			return err
		}
		time.Sleep(pause << try)
	}
	return err
}

// hold takes no lock: Windows locks no folder.
func hold(string) (unlock func(), ok bool) { return func() {}, true }

// abandoned goes by age: nothing is written for a whole day.
func abandoned(name string) (unlock func(), ok bool) {
	stat, err := os.Stat(name)
	return func() {}, err == nil && time.Since(stat.ModTime()) > 24*time.Hour
}

// wait takes the lock of a file in the folder as soon as it is free. The last one that has the file open removes it, for
// Windows removes nothing that is open. In a folder that cannot be written it returns at once.
func wait(dir string) (unlock func()) {
	name := filepath.Join(dir, prefix+"lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return func() {}
	}
	_ = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &windows.Overlapped{}) // else nobody waits
	return func() {
		_ = f.Close()
		_ = os.Remove(name)
	}
}
