// Package atomicfile writes a file or a folder next to its destination and renames it into place, so that a reader of
// the destination sees either the former content or the new content whole, even if the program is killed half-way.
//
//	err := atomicfile.File("dist/sizes.json", func(f *os.File) error { ... })
//
// The leftovers of a killed program (names that begin with ".mkimage-tmp-") are removed by the next write to the same
// parent folder: every writer holds a lock on its own temporary file or folder, and one without a lock has no writer
// any more.
package atomicfile

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const prefix = ".mkimage-tmp-"

// File replaces the file at path with the bytes that write puts into f, whose name is a temporary one. Missing parent
// folders are made. A symbolic link is followed. The mode is 0666 less the umask.
func File(path string, write func(f *os.File) error) error {
	path, err := target(path)
	if err != nil {
		return err
	}
	if stat, err := os.Stat(path); err == nil && !stat.Mode().IsRegular() { // a folder, or a device such as /dev/null
		return &fs.PathError{Op: "write", Path: path, Err: errors.New("is there, and is not a regular file")}
	}
	Sweep(filepath.Dir(path))
	return Replace(path, func(f *os.File) error {
		if err := write(f); err != nil {
			return err
		}
		return f.Sync() // else a crash of the system may leave the new name with no content
	})
}

// Replace is [File] for a path that is not a symbolic link, in an existing folder that the caller sweeps, and for
// content that its readers check: after a crash of the system it may be incomplete.
func Replace(path string, write func(f *os.File) error) error {
	t, err := create(filepath.Dir(path), func(name string) error {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if err != nil {
			return err
		}
		return f.Close()
	})
	if err != nil {
		return err
	}
	defer t.discard()
	if err := fill(t.name, write); err != nil {
		return err
	}
	return rename(t.name, path)
}

// Edit replaces the content of the file at path with the result of edit, unless that is the same. Edits of a path wait
// for each other, also between processes. For a missing file, edit gets nil.
func Edit(path string, edit func(former []byte) ([]byte, error)) (changed bool, err error) {
	resolved, err := target(path)
	if err != nil {
		return false, err
	}
	defer wait(filepath.Dir(resolved))()
	Sweep(filepath.Dir(resolved))
	former, err := os.ReadFile(resolved)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	content, err := edit(former)
	if err != nil || former != nil && bytes.Equal(content, former) {
		return false, err
	}
	return true, File(resolved, func(f *os.File) error {
		_, err := f.Write(content)
		return err
	})
}

func fill(name string, write func(f *os.File) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// target resolves a symbolic link at path, so that its target is replaced and the link stays, and makes the parent
// folder.
func target(path string) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if err == nil {
		return resolved, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return path, os.MkdirAll(filepath.Dir(path), 0o777)
}

// temporary is a file or folder that only its writer uses, until it is renamed or discarded.
type temporary struct {
	name   string
	unlock func()
}

func create(parent string, make func(name string) error) (*temporary, error) {
	for {
		name := filepath.Join(parent, prefix+rand.Text())
		if err := make(name); err != nil {
			return nil, err
		}
		unlock, ok := hold(name)
		if !ok { // swept by another writer between its creation and the lock
			continue
		}
		return &temporary{name: name, unlock: unlock}, nil
	}
}

func (t *temporary) discard() {
	_ = os.RemoveAll(t.name) // nothing is there after a rename; the next sweep tries again
	t.unlock()
}

// Sweep removes files and folders of dead writers in parent.
func Sweep(parent string) {
	entries, _ := os.ReadDir(parent) // a parent that cannot be read shows itself when it is written
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), prefix) {
			continue
		}
		name := filepath.Join(parent, entry.Name())
		if unlock, ok := abandoned(name); ok {
			_ = os.RemoveAll(name)
			unlock()
		}
	}
}
