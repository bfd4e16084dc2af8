//go:build linux

package action

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// An Executable is an action in its place, checked as far as that can be done
// without running it.
type Executable struct {
	Path string   // absolute
	Args []string // after the program's name
	Dir  string   // the action's folder
}

// A Folder is where actions are placed: OW_ACTION_DIR. A baked action lies in
// it, and an upload is put in the same place, so that both find their files
// where they expect them.
type Folder struct {
	Dir    string
	Limits Limits
	Env    []string // of the container, for what the checks look up

	placed []string // what the last upload put there
	before []string // what the one before it had put there
	aside  string   // where what Place replaced is kept until Settle
}

// exec is the name of an action's executable.
const execName = "exec"

// Upload begins an upload into the folder.
func (f *Folder) Upload() (*Upload, error) { return NewUpload(f.Dir, f.Limits) }

// Baked gives the action that the image brings, nil if there is none.
func (f *Folder) Baked() (*Executable, error) {
	path := filepath.Join(f.Dir, execName)
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return nil, nil
	}
	return f.checked(f.Dir, path)
}

// Place puts an upload, as Upload.Close gave it, into the folder and checks it.
// When it is not accepted the folder is as it was, and the error tells why.
func (f *Folder) Place(upload *os.File) (*Executable, error) {
	first, err := firstBytes(upload)
	if err != nil {
		return nil, refuse("the code is empty")
	}
	switch kind := kindOf(first); kind {
	case Damaged:
		return nil, refuse("the code is a binary that was damaged on its way as text: put it into a zip as exec (zip action.zip exec), for wsk sends only .zip and .jar files whole")
	case Zip, Gzip:
		return f.placeArchive(upload, kind)
	case Text:
		return nil, refuse("the code is source without a #! line, and this image has nothing to run it with (send a program, a script that begins with #!, or a zip with exec)")
	default:
		return f.placeFile(upload)
	}
}

func (f *Folder) placeFile(file *os.File) (*Executable, error) {
	if err := file.Chmod(0o755); err != nil {
		return nil, unwritable(f.Dir, err)
	}
	if _, err := f.checked(f.Dir, file.Name()); err != nil {
		return nil, err
	}
	file.Close() // a file that is open for writing cannot be run
	return f.install(filepath.Dir(file.Name()), []string{filepath.Base(file.Name())}, []string{execName})
}

func (f *Folder) placeArchive(archive *os.File, kind Kind) (*Executable, error) {
	dir, err := os.MkdirTemp(f.Dir, ".unpack-*")
	if err != nil {
		return nil, unwritable(f.Dir, err)
	}
	defer os.RemoveAll(dir)
	unpacked, err := unpack(archive, kind, dir, f.Limits)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, execName)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, noExec(unpacked.names)
	}
	if err := os.Chmod(path, 0o755); err != nil { // zips made on Windows have no modes
		return nil, unwritable(f.Dir, err)
	}
	if _, err := f.checked(dir, path); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return f.install(dir, names, names)
}

// noExec says what an archive without exec holds instead.
func noExec(names []string) error {
	for _, name := range names {
		if filepath.Base(name) == execName && name != execName {
			return refuse("the archive has no exec at its top but ", strconv.Quote(name), ": pack what is in the folder, not the folder (cd ", filepath.Dir(name), " && zip -r ../action.zip .)")
		}
		if strings.HasSuffix(name, `\`+execName) {
			return refuse("the archive has no exec at its top but ", strconv.Quote(name), ": its names use backslashes")
		}
	}
	const some = 5
	shown := strings.Join(names[:min(len(names), some)], ", ")
	if len(names) > some {
		shown += ", …"
	}
	if shown == "" {
		shown = "nothing"
	}
	return refuse("the archive has no exec at its top; it holds ", shown)
}

// install renames names in dir to the names as in the folder, in place of the
// last upload. What it replaces is kept until Settle.
func (f *Folder) install(dir string, names, as []string) (*Executable, error) {
	aside, err := os.MkdirTemp(f.Dir, ".before-*")
	if err != nil {
		return nil, unwritable(f.Dir, err)
	}
	f.aside, f.before, f.placed = aside, f.placed, nil
	for _, name := range f.before {
		if !slices.Contains(as, name) {
			f.putAside(name)
		}
	}
	for i, name := range names {
		f.putAside(as[i])
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(f.Dir, as[i])); err != nil {
			f.Settle(false)
			return nil, unwritable(f.Dir, err)
		}
		f.placed = append(f.placed, as[i])
	}
	return &Executable{Path: filepath.Join(f.Dir, execName), Dir: f.Dir}, nil
}

// putAside moves what has a name out of the way. A folder of a lower layer of an
// overlay cannot be moved; it is removed.
func (f *Folder) putAside(name string) {
	path := filepath.Join(f.Dir, name)
	if err := os.Rename(path, filepath.Join(f.aside, name)); err != nil {
		os.RemoveAll(path)
	}
}

// Settle ends a Place. When the action was not accepted after all, the folder
// gets back what it held before (rule 15).
func (f *Folder) Settle(accepted bool) {
	if f.aside == "" {
		return
	}
	if !accepted {
		for _, name := range f.placed {
			os.RemoveAll(filepath.Join(f.Dir, name))
		}
		f.placed = f.before
		entries, _ := os.ReadDir(f.aside)
		for _, e := range entries {
			os.Rename(filepath.Join(f.aside, e.Name()), filepath.Join(f.Dir, e.Name()))
		}
	}
	os.RemoveAll(f.aside)
	f.aside, f.before = "", nil
}

// checked says why the file at path cannot run here, if that can be seen.
func (f *Folder) checked(dir, path string) (*Executable, error) {
	file, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			// It may be run without being readable: the kernel will tell.
			return &Executable{Path: path, Dir: dir}, nil
		}
		return nil, err
	}
	defer file.Close()
	first, err := firstBytes(file)
	if err != nil {
		return nil, refuse("exec is empty")
	}
	switch kindOf(first) {
	case ELF:
		program, err := readELF(file)
		if err != nil {
			return nil, err
		}
		if name := program.missing(dir, f.Env); name != "" {
			return nil, refuse("the program needs ", name, ", which is not in this image (link it statically; Go: CGO_ENABLED=0)")
		}
	case Script:
		if err := f.checkInterpreter(first); err != nil {
			return nil, err
		}
	default:
		return nil, refuse("exec is neither a program nor a script that begins with #!")
	}
	return &Executable{Path: path, Dir: dir}, f.runnable(path)
}
