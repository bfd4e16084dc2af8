//go:build linux

package action

import (
	"path"
	"slices"
	"strings"
	"syscall"
)

// An Executable is an action in its place, checked as far as that can be done
// without running it.
type Executable struct {
	Path string   // absolute
	Args []string // after the program's name
	Dir  string   // the action's folder
	// Launcher is what runs the source in Args[0]; nil for what runs itself. It
	// is to be given the name of the function too.
	Launcher *Launcher
}

// A Folder is where actions are placed: OW_ACTION_DIR. A baked action lies in
// it, and an upload is put in the same place, so that both find their files
// where they expect them.
type Folder struct {
	Dir    string
	Limits Limits
	Env    []string // of the container, for what the checks look up
	// Launchers run source, and Stemcell is the name of the one that has to.
	Launchers []Launcher
	Stemcell  string

	placed []string // what the last upload put there
	before []string // what the one before it had put there
	aside  string   // where what Place replaced is kept until Settle, "" for nothing
	open   bool     // Settle is to come
}

// execName is the name of an action's executable.
const execName = "exec"

// Upload begins an upload into the folder, which is made when it is missing.
func (f *Folder) Upload() (*Upload, error) {
	if _, err := lstat(f.Dir); err == syscall.ENOENT {
		if err := syscall.Mkdir(f.Dir, 0o755); err != nil && err != syscall.EEXIST {
			return nil, unwritable(f.Dir, err)
		}
	}
	return NewUpload(f.Dir, f.Limits)
}

// Baked gives the action that the image brings, nil if there is none.
func (f *Folder) Baked() (*Executable, error) {
	name := path.Join(f.Dir, execName)
	if kind, _ := stat(name); kind != syscall.S_IFREG {
		return nil, nil
	}
	return f.executable(f.Dir, name)
}

// executable gives the action at name once it is checked. dir is its folder.
func (f *Folder) executable(dir, name string) (*Executable, error) {
	if err := (placement{dir, dir, f.Env}).check(name); err != nil {
		return nil, err
	}
	return &Executable{Path: name, Dir: dir}, nil
}

// Place puts an upload, as Upload.Close gave it, into the folder and checks it.
// When it is not accepted the folder is as it was, and the error tells why.
func (f *Folder) Place(upload *File) (*Executable, error) {
	kind, err := upload.kind()
	if err != nil {
		return nil, refuse("the code is empty")
	}
	switch kind {
	case Damaged:
		return nil, errDamaged
	case Foreign:
		return nil, errForeign
	case Zip, Gzip:
		return f.placeArchive(upload, kind)
	case Text:
		return f.placeSource(upload)
	}
	return f.placeFile(upload)
}

var errDamaged = refuse("the code is a binary that was damaged on its way as text: put it into a zip as exec (zip action.zip exec), for wsk sends only .zip and .jar files whole")

func (f *Folder) placeFile(file *File) (*Executable, error) {
	if err := syscall.Fchmod(file.fd, 0o755); err != nil {
		return nil, unwritable(f.Dir, err)
	}
	if err := (placement{f.Dir, f.Dir, f.Env}).checkFile(file); err != nil {
		return nil, err
	}
	file.Close() // a file that is open for writing cannot be run
	return f.install(path.Dir(file.name), []string{path.Base(file.name)}, []string{execName})
}

func (f *Folder) placeArchive(archive *File, kind Kind) (*Executable, error) {
	dir, err := newFolder(f.Dir)
	if err != nil {
		return nil, unwritable(f.Dir, err)
	}
	defer removeAll(dir)
	unpacked, err := unpack(archive, kind, dir, f.Limits)
	if err != nil {
		return nil, err
	}
	names, err := list(dir)
	if err != nil {
		return nil, refuse("cannot read ", dir, ": ", err.Error())
	}
	name := path.Join(dir, execName)
	if kind, _ := stat(name); kind != syscall.S_IFREG {
		l, main := f.mainIn(dir)
		if l == nil {
			return nil, unpacked.noExec()
		}
		e, err := f.install(dir, names, names)
		return f.launched(e, err, l, main)
	}
	if err := syscall.Chmod(name, 0o755); err != nil { // zips made on Windows have no modes
		return nil, unwritable(f.Dir, err)
	}
	if err := (placement{dir, f.Dir, f.Env}).check(name); err != nil {
		return nil, err
	}
	return f.install(dir, names, names)
}

// shownNames is how many entries the error of an archive without exec shows.
const shownNames = 5

// noExec says what an archive without exec holds instead.
func (u *unpacker) noExec() error {
	if kind, err := lstat(u.path(execName)); err == nil {
		if kind == syscall.S_IFDIR {
			return refuse("exec is a folder in the archive: it has to be a program or a script")
		}
		return refuse("exec is a symlink in the archive that leads to no file")
	}
	missing := "the archive has no exec at its top"
	switch dir, _, _ := strings.Cut(u.nested, "/"+execName); {
	case strings.Contains(u.nested, `\`):
		return refuse(missing, " but ", quoted(u.nested), ": its names have backslashes (pack it with zip -r, or with tar)")
	case u.nested != "":
		return refuse(missing, " but ", quoted(u.nested), ": pack what is in the folder, not the folder (cd ", quoted(dir), " && zip -r ../action.zip .)")
	case len(u.names) == 0:
		return refuse(missing, "; it is empty")
	}
	shown := make([]string, min(len(u.names), shownNames))
	for i := range shown {
		shown[i] = quoted(u.names[i])
	}
	if len(u.names) > shownNames {
		shown = append(shown, "…")
	}
	return refuse(missing, "; it holds ", strings.Join(shown, ", "))
}

// install renames names in dir to the names as in the folder, in place of the
// last upload. What it replaces is kept until Settle.
func (f *Folder) install(dir string, names, as []string) (*Executable, error) {
	f.open, f.before, f.placed = true, f.placed, nil
	for _, name := range f.before {
		if !slices.Contains(as, name) {
			f.putAside(name)
		}
	}
	for i, name := range names {
		f.putAside(as[i])
		if err := syscall.Rename(path.Join(dir, name), path.Join(f.Dir, as[i])); err != nil {
			f.Settle(false)
			return nil, unwritable(f.Dir, err)
		}
		f.placed = append(f.placed, as[i])
	}
	return &Executable{Path: path.Join(f.Dir, execName), Dir: f.Dir}, nil
}

// putAside moves what has a name out of the way. A folder of a lower layer of an
// overlay cannot be moved; it is removed.
func (f *Folder) putAside(name string) {
	from := path.Join(f.Dir, name)
	if _, err := lstat(from); err != nil {
		return
	}
	if f.aside == "" {
		f.aside, _ = newFolder(f.Dir)
	}
	if err := syscall.Rename(from, path.Join(f.aside, name)); err != nil {
		removeAll(from)
	}
}

// Settle ends a Place. When the action was not accepted after all, the folder
// gets back what it held before (rule 15).
func (f *Folder) Settle(accepted bool) {
	if !f.open {
		return
	}
	if !accepted {
		for _, name := range f.placed {
			removeAll(path.Join(f.Dir, name))
		}
		f.placed = f.before
		names, _ := list(f.aside)
		for _, name := range names {
			syscall.Rename(path.Join(f.aside, name), path.Join(f.Dir, name))
		}
	}
	if f.aside != "" {
		removeAll(f.aside)
	}
	f.open, f.aside, f.before = false, "", nil
}
