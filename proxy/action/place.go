//go:build linux

package action

import (
	"path"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// An Executable is an action in its place, checked as far as that can be done without running it.
type Executable struct {
	Path string   // absolute
	Args []string // after the program's name
	Dir  string   // the action's folder
	// Launcher is the program that runs the source in Args[0]; nil for a program that runs itself. It is to be given
	// the name of the function too.
	Launcher *code.Launcher
}

// A Folder is where actions are placed: OW_ACTION_DIR. A baked action lies in it, and an upload is put in the same
// place, so that both find their files where they expect them.
type Folder struct {
	Dir       string
	Limits    code.Limits
	Env       []string        // of the container, for the checks
	Launchers []code.Launcher // they run source; a text is for the first

	// Beside has an archive without exec lie beside the one that is there (v0).
	Beside bool

	placed []string // files of the last upload
	change change   // of the folder, until Settle
}

// Upload begins an upload into the folder, which is made when it is missing.
func (f *Folder) Upload() (*Upload, error) {
	if disk.Lstat(f.Dir) == 0 {
		if err := syscall.Mkdir(f.Dir, 0o755); err != nil && err != syscall.EEXIST {
			return nil, unwritable(f.Dir, err)
		}
	}
	return NewUpload(f.Dir, f.Limits)
}

// Baked returns the action that the image brings, nil if there is none: a program or a function. A symlink to a program
// elsewhere in the image is not looked through.
func (f *Folder) Baked() (*Executable, error) {
	e := &Executable{Path: path.Join(f.Dir, code.Exec), Dir: f.Dir}
	name, err := code.Within(disk, f.Dir, code.Exec)
	if err == code.ErrLeadsOut {
		return e, nil
	}
	if err != nil || disk.Lstat(name)&code.TypeMask != code.Regular {
		return f.bakedSource()
	}
	if err := f.check(name, f.Dir, f.Dir); err != nil {
		if source, mainErr := f.bakedSource(); source != nil && mainErr == nil { // as in an archive
			return source, nil
		}
		return nil, err
	}
	return e, nil
}

// Place puts an upload, as Upload.Close gave it, into the folder and checks it. When it is not accepted the folder is
// as it was, and the error tells why.
func (f *Folder) Place(upload *File) (*Executable, error) {
	kind, err := upload.kind()
	if err != nil {
		return nil, code.ErrEmpty
	}
	switch kind {
	case code.Damaged:
		return nil, errDamaged
	case code.Foreign:
		return nil, code.ErrForeign
	case code.Zip, code.Gzip:
		return f.placeArchive(upload, kind)
	case code.Text:
		return f.placeSource(upload)
	}
	return f.placeFile(upload)
}

var errDamaged error = &code.Refusal{Reason: "the code is a binary that was damaged on its way as text: put it into a zip as exec (zip action.zip exec), for wsk sends only .zip and .jar files whole"}

func (f *Folder) placeFile(file *File) (*Executable, error) {
	if err := syscall.Fchmod(file.fd, 0o755); err != nil {
		return nil, unwritable(f.Dir, err)
	}
	if err := f.checkFile(file, f.Dir, f.Dir); err != nil {
		return nil, err
	}
	file.Close() // a file that is open for writing cannot be run
	return f.install(path.Dir(file.name), []string{code.BaseName(file.name)}, []string{code.Exec})
}

func (f *Folder) placeArchive(archive *File, kind code.Kind) (*Executable, error) {
	dir, err := newFolder(f.Dir)
	if err != nil {
		return nil, unwritable(f.Dir, err)
	}
	defer removeAll(dir)
	unpacked, err := code.Unpack(disk, archive, archive.size(), kind, dir, f.Limits)
	if err != nil {
		return nil, err
	}
	names, err := list(dir)
	if err != nil {
		return nil, code.Refuse("cannot read ", dir, ": ", err.Error())
	}
	name, err := code.RegularWithin(disk, dir, code.Exec)
	switch {
	case err != nil:
		return nil, err
	case name == "":
		return f.placeMain(unpacked, names)
	}
	if err := syscall.Chmod(name, 0o755); err != nil { // zips made on Windows have no modes
		return nil, unwritable(f.Dir, err)
	}
	if err := f.check(name, dir, f.Dir); err != nil {
		// Compilers of other runtimes put an exec for their own image beside the main file.
		if l, main, mainErr := code.MainFile(disk, dir, f.Launchers); l != nil && mainErr == nil {
			e, err := f.install(dir, names, names)
			return f.launched(e, err, l, main)
		}
		return nil, err
	}
	return f.install(dir, names, names)
}

// placeMain places an archive without exec: its main file is for a launcher, or it brings files for a baked program.
func (f *Folder) placeMain(unpacked *code.Archive, names []string) (*Executable, error) {
	l, main, err := code.MainFile(disk, unpacked.Dir, f.Launchers)
	switch {
	case err != nil:
		return nil, err
	case l != nil:
		e, err := f.install(unpacked.Dir, names, names)
		return f.launched(e, err, l, main)
	case f.Beside && unpacked.LacksExec() && f.hasExec():
		return f.installBeside(unpacked.Dir, names)
	}
	return nil, unpacked.NoExec(f.Launchers...)
}
