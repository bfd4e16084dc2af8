package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// syncs is the number of files that are synced to the disk at the same time.
const syncs = 8

// ErrForeign is the error of [Dir] when the destination holds something that the caller may not replace.
var ErrForeign = errors.New("was not made by mkimage")

// Dir replaces the folder at path with the one that write fills. An existing folder that is not empty is replaced only
// when mine says that it is the caller's own; otherwise the error is [ErrForeign] and nothing has been written.
// Modes inside become 0777 and 0666 less the umask, whatever write gave them.
func Dir(path string, mine func(dir string) bool, write func(dir string) error) error {
	path, err := target(path)
	if err != nil {
		return err
	}
	if err := replaceable(path, mine); err != nil {
		return err
	}
	Sweep(filepath.Dir(path))
	t, err := create(filepath.Dir(path), func(name string) error { return os.Mkdir(name, 0o777) })
	if err != nil {
		return err
	}
	defer t.discard()
	if err := write(t.name); err != nil {
		return err
	}
	if err := settle(t.name); err != nil {
		return err
	}
	// Once more, for the time that write took.
	if err := replaceable(path, mine); err != nil {
		return err
	}
	return replaceDir(t.name, path)
}

func replaceable(path string, mine func(dir string) bool) error {
	stat, err := os.Stat(path) // the error of ReadDir for a file is another one on each system
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !stat.IsDir():
		return fmt.Errorf("%s %w", path, ErrForeign)
	}
	entries, err := os.ReadDir(path)
	if err == nil && len(entries) > 0 && !mine(path) {
		err = fmt.Errorf("%s %w", path, ErrForeign)
	}
	return err
}

// replaceDir moves the folder from to to. Where the system can swap two folders there is no moment without either.
func replaceDir(from, to string) error {
	if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
		return rename(from, to)
	}
	if err := os.Rename(from, to); err == nil { // an empty folder
		return nil
	}
	if err := swap(from, to); err == nil {
		return os.RemoveAll(from)
	} else if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	former := from + "-former"
	if err := rename(to, former); err != nil {
		return err
	}
	if err := rename(from, to); err != nil {
		return errors.Join(err, rename(former, to))
	}
	return os.RemoveAll(former)
}

// settle sets the mode of everything in dir to the one that the umask leaves, which the mode of dir itself shows, and
// syncs every file to the disk.
func settle(dir string) error {
	stat, err := os.Stat(dir)
	if err != nil {
		return err
	}
	mask := stat.Mode().Perm()
	var files errgroup.Group // one commit of the file system is enough for several
	files.SetLimit(syncs)
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		if entry.IsDir() {
			return os.Chmod(path, mask)
		}
		files.Go(func() error {
			f, err := os.OpenFile(path, syncing, 0)
			if err != nil {
				return err
			}
			return errors.Join(f.Chmod(mask&0o666), f.Sync(), f.Close())
		})
		return nil
	})
	return errors.Join(err, files.Wait())
}

// Private returns a new folder below parent that only this process uses, and the function that removes it. The next
// write to parent removes the folder of a killed process.
func Private(parent string) (dir string, discard func(), err error) {
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return "", nil, err
	}
	Sweep(parent)
	t, err := create(parent, func(name string) error { return os.Mkdir(name, 0o777) })
	if err != nil {
		return "", nil, err
	}
	return t.name, t.discard, nil
}
