package code

import (
	"errors"
	"path"
	"strings"
)

// Symlinks of an archive are kept, wherever they lead: a virtual environment of Python has bin/python3 ->
// /usr/bin/python3. A symlink that leads out of the archive's folder is not followed here, by no check and no change of
// a mode; only the action itself follows it (rule 16).

// ErrLeadsOut is the error of a path that symlinks take out of its folder.
var ErrLeadsOut = errors.New("it is a symlink that leads out of the action's folder")

var errNothing = errors.New("there is no such file")

const (
	mostLinks = 40   // symlinks that a path may go through, as in Linux
	mostPath  = 4096 // bytes of a path, as in Linux
)

// Within follows a path below a folder and returns where it ends, without a symlink on the way to it: the file there
// can be opened. The error is ErrLeadsOut where the path leaves the folder, also for a moment or to come back.
func Within(tree Tree, folder, name string) (string, error) {
	at, rest := "", name // at was followed, rest was not
	for links := 0; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		switch part {
		case "", ".":
			continue
		case "..":
			if at == "" {
				return "", ErrLeadsOut
			}
			at = at[:strings.LastIndexByte(at, '/')]
			continue
		}
		next := folder + at + "/" + part
		kind := tree.Lstat(next) & TypeMask
		if kind == 0 {
			return "", errNothing
		}
		if kind != Symlink {
			at += "/" + part
			continue
		}
		target := tree.ReadLink(next)
		if isAbs(target) {
			return "", ErrLeadsOut
		}
		if links++; links > mostLinks || len(rest) > mostPath {
			return "", errNothing
		}
		rest = target + "/" + rest
	}
	return folder + at, nil
}

// RegularWithin returns the regular file at the end of a path below a folder, "" where there is none. The error is a
// refusal of one that leads out.
func RegularWithin(tree Tree, folder, name string) (string, error) {
	file, err := Within(tree, folder, name)
	if err == ErrLeadsOut {
		return "", Refuse(name, " is a symlink that leads out of the action's folder: pack the file itself")
	}
	if err != nil || tree.Lstat(file)&TypeMask != Regular {
		return "", nil
	}
	return file, nil
}

// finds reports whether the program will find a file at a path, relative to its working directory or absolute, and one
// that can be executed where that is asked for. A file that its folder hides behind a symlink that leads out counts.
func (p *Place) finds(name string, executable bool) bool {
	below, ok := strings.CutPrefix(name, p.Final)
	switch {
	case ok && (below == "" || below[0] == '/'):
	case isAbs(name):
		return has(p.Tree, name, executable)
	default:
		below = name
	}
	folder := p.Dir
	top, _, _ := strings.Cut(strings.TrimPrefix(below, "/"), "/")
	if p.Tree.Lstat(folder+"/"+top) == 0 {
		folder = p.Final // where the files that were baked in stay beside the upload
	}
	file, err := Within(p.Tree, folder, below)
	return err == ErrLeadsOut || err == nil && has(p.Tree, file, executable)
}

// findsIn is finds for each of several folders.
func (p *Place) findsIn(dirs []string, name string, executable bool) bool {
	for _, dir := range dirs {
		if p.finds(path.Join(dir, name), executable) {
			return true
		}
	}
	return false
}

func has(tree Tree, name string, executable bool) bool {
	mode := tree.Stat(name)
	return mode != 0 && (!executable || mode&TypeMask == Regular && mode&0o111 != 0)
}
