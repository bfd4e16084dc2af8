//go:build linux

package action

import (
	"errors"
	"path"
	"strings"
	"syscall"
)

// Symlinks of an archive are kept, wherever they lead: a virtual environment of Python has bin/python3 -> /usr/bin/python3.
// What leads out of the archive's folder is not followed here, by no check and no change of a mode; only the action
// itself does (rule 16).

// errLeadsOut is a path that symlinks take out of its folder.
var errLeadsOut = errors.New("it is a symlink that leads out of the action's folder")

// mostLinks is how many symlinks a path may go through, as in Linux.
const mostLinks = 40

// maxTarget is how long the target of a symlink may be, in bytes.
const maxTarget = 4095

// within follows a path below a folder and returns where it ends, without a symlink on the way to it: what stands there
// can be opened. The error is errLeadsOut where the path leaves the folder, also for a moment or to come back, or the
// kernel's.
func within(folder, name string) (string, error) {
	at, rest := "", name // at was followed, rest was not
	for links := 0; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		switch part {
		case "", ".":
			continue
		case "..":
			if at == "" {
				return "", errLeadsOut
			}
			at = at[:strings.LastIndexByte(at, '/')]
			continue
		}
		next := folder + at + "/" + part
		kind, err := lstat(next)
		if err != nil {
			return "", err
		}
		if kind != syscall.S_IFLNK {
			at += "/" + part
			continue
		}
		target, err := readLink(next)
		switch {
		case err != nil:
			return "", err
		case isAbs(target):
			return "", errLeadsOut
		}
		if links++; links > mostLinks || len(rest) > syscall.PathMax {
			return "", syscall.ELOOP
		}
		rest = target + "/" + rest
	}
	return folder + at, nil
}

// regularWithin returns the regular file at the end of a path below a folder, "" where there is none. The error is a
// refusal of one that leads out.
func regularWithin(folder, name string) (string, error) {
	file, err := within(folder, name)
	if err == errLeadsOut {
		return "", refuse(name, " is a symlink that leads out of the action's folder: pack the file itself")
	}
	if kind, _ := lstat(file); err != nil || kind != syscall.S_IFREG {
		return "", nil
	}
	return file, nil
}

func readLink(name string) (string, error) {
	b := make([]byte, maxTarget+1)
	n, err := syscall.Readlink(name, b)
	return string(b[:max(n, 0)]), err
}

// finds reports whether the executable will find something at a path, relative to its working directory or absolute,
// that has a property. What its folder hides behind a symlink that leads out may have it.
func (p placement) finds(name string, property func(string) bool) bool {
	below, ok := strings.CutPrefix(name, p.final)
	switch {
	case ok && (below == "" || below[0] == '/'):
	case isAbs(name):
		return property(name)
	default:
		below = name
	}
	folder := p.dir
	top, _, _ := strings.Cut(strings.TrimPrefix(below, "/"), "/")
	if _, err := lstat(folder + "/" + top); err != nil {
		folder = p.final // where what was baked in stays beside the upload
	}
	place, err := within(folder, below)
	return err == errLeadsOut || err == nil && property(place)
}

// symlink makes a symlink of an archive.
func (u *unpacker) symlink(name, target string) error {
	clean, err := u.place(name)
	if err != nil {
		return err
	}
	if target == "" || len(target) > maxTarget || strings.Contains(target, "\x00") {
		return refuse("the archive holds the symlink ", quoted(name), " to ", quoted(target), ", which no symlink can lead to")
	}
	return u.create(name, clean, func(path string) error { return syscall.Symlink(target, path) })
}

// underPath is finds for each of several folders.
func (p placement) underPath(dirs []string, name string, property func(string) bool) bool {
	for _, dir := range dirs {
		if p.finds(path.Join(dir, name), property) {
			return true
		}
	}
	return false
}
