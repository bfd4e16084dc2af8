//go:build linux

package action

import (
	"path"
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

	// Beside has an archive without exec lie beside the one that is there (v0).
	Beside bool

	placed []string // what the last upload put there
	change change   // of the folder, until Settle
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

// Baked gives the action that the image brings, nil if there is none. A symlink
// to a program elsewhere in the image is not looked through.
func (f *Folder) Baked() (*Executable, error) {
	e := &Executable{Path: path.Join(f.Dir, execName), Dir: f.Dir}
	name, err := within(f.Dir, execName)
	if err == errLeadsOut {
		return e, nil
	}
	if kind, _ := lstat(name); err != nil || kind != syscall.S_IFREG {
		return nil, nil
	}
	if err := (placement{f.Dir, f.Dir, f.Env}).check(name); err != nil {
		return nil, err
	}
	return e, nil
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
	return f.install(path.Dir(file.name), []string{baseName(file.name)}, []string{execName})
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
	program, err := regularWithin(dir, execName)
	switch {
	case err != nil:
		return nil, err
	case program == "":
		return f.placeMain(unpacked, names)
	}
	if err := syscall.Chmod(program, 0o755); err != nil { // zips made on Windows have no modes
		return nil, unwritable(f.Dir, err)
	}
	if err := (placement{dir, f.Dir, f.Env}).check(program); err != nil {
		return nil, err
	}
	return f.install(dir, names, names)
}

// placeMain places an archive without exec: its main file is for a launcher, or it
// brings files for a baked program.
func (f *Folder) placeMain(unpacked *unpacker, names []string) (*Executable, error) {
	l, main, err := f.mainIn(unpacked.dir)
	switch {
	case err != nil:
		return nil, err
	case l != nil:
		e, err := f.install(unpacked.dir, names, names)
		return f.launched(e, err, l, main)
	case f.Beside && unpacked.lacksExec() && f.hasExec():
		return f.installBeside(unpacked.dir, names)
	}
	return nil, unpacked.noExec()
}

// shownNames is how many entries the error of an archive without exec shows.
const shownNames = 5

func (u *unpacker) lacksExec() bool {
	_, err := lstat(u.path(execName))
	return err != nil
}

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
