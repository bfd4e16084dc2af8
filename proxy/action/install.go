//go:build linux

package action

import (
	"path"
	"slices"
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// A change is the change that a Place made to the folder. It can be undone until Settle.
type change struct {
	open   bool     // Settle is to come
	before []string // files of the upload before it
	beside bool     // which stays
	aside  string   // a folder of the replaced files, "" for none
	moved  []string // the names that these had, in order: the first is 0 in aside
}

// install renames names in dir to the names as in the folder, in place of the last upload. It keeps the files that
// it replaces until Settle.
func (f *Folder) install(dir string, names, as []string) (*Executable, error) {
	f.change = change{open: true, before: f.placed}
	f.placed = nil
	for _, name := range f.change.before {
		if !slices.Contains(as, name) {
			f.putAside(name)
		}
	}
	for i, name := range names {
		if err := f.put(path.Join(dir, name), as[i]); err != nil {
			f.Settle(false)
			return nil, unwritable(f.Dir, err)
		}
	}
	return &Executable{Path: path.Join(f.Dir, code.Exec), Dir: f.Dir}, nil
}

// installBeside puts the content of dir beside the program that is in the folder. It replaces nothing but files of the
// same name.
func (f *Folder) installBeside(dir string, names []string) (*Executable, error) {
	f.change = change{open: true, before: f.placed, beside: true}
	f.placed = nil
	for _, name := range names {
		if err := f.merge(dir, name); err != nil {
			f.Settle(false)
			return nil, unwritable(f.Dir, err)
		}
	}
	e, err := f.Baked()
	if e == nil && err == nil {
		err = code.Refuse("exec in ", f.Dir, " is not a file any more with what the archive holds")
	}
	if err != nil {
		f.Settle(false)
		return nil, err
	}
	return e, nil
}

// merge moves a file or a folder of dir to the same name in the folder. Of folders that both have, it moves the
// content. It follows no symlink.
func (f *Folder) merge(dir, name string) error {
	from := path.Join(dir, name)
	if !isFolder(from) || !isFolder(path.Join(f.Dir, name)) {
		return f.put(from, name)
	}
	names, err := list(from)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := f.merge(dir, path.Join(name, n)); err != nil {
			return err
		}
	}
	return nil
}

// hasExec reports whether there is an exec in the folder, whatever it is.
func (f *Folder) hasExec() bool {
	return disk.Lstat(path.Join(f.Dir, code.Exec)) != 0
}

func isFolder(name string) bool {
	return disk.Lstat(name)&code.TypeMask == code.Folder
}

// put moves a file or a folder to its name in the folder, in place of a former one.
func (f *Folder) put(from, as string) error {
	f.putAside(as)
	if err := syscall.Rename(from, path.Join(f.Dir, as)); err != nil {
		return err
	}
	f.placed = append(f.placed, as)
	return nil
}

// putAside moves a file or a folder out of the way. A folder of a lower layer of an overlay cannot be moved; it is
// removed.
func (f *Folder) putAside(name string) {
	from, c := path.Join(f.Dir, name), &f.change
	if disk.Lstat(from) == 0 {
		return
	}
	if c.aside == "" {
		c.aside, _ = newFolder(f.Dir)
	}
	if err := syscall.Rename(from, path.Join(c.aside, strconv.Itoa(len(c.moved)))); err != nil {
		removeAll(from)
		return
	}
	c.moved = append(c.moved, name)
}

// Settle ends a Place. When the action was not accepted after all, the folder gets its former content back (rule 15).
func (f *Folder) Settle(accepted bool) {
	c := f.change
	if !c.open {
		return
	}
	switch {
	case !accepted:
		for i := len(f.placed) - 1; i >= 0; i-- {
			removeAll(path.Join(f.Dir, f.placed[i]))
		}
		f.placed = c.before
		for i := len(c.moved) - 1; i >= 0; i-- {
			syscall.Rename(path.Join(c.aside, strconv.Itoa(i)), path.Join(f.Dir, c.moved[i]))
		}
	case c.beside:
		f.placed = append(c.before, f.placed...)
	}
	if c.aside != "" {
		removeAll(c.aside)
	}
	f.change = change{}
}
