//go:build linux

package action

import (
	"path"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// ReadLaunchers reads the launchers of a list, as in PATH.
func ReadLaunchers(list string) []code.Launcher { return code.ReadLaunchers(disk, list) }

// placeSource puts source text where the first launcher finds it.
func (f *Folder) placeSource(file *File) (*Executable, error) {
	if len(f.Launchers) == 0 {
		return nil, code.ErrSource
	}
	if err := syscall.Fchmod(file.fd, 0o644); err != nil {
		return nil, unwritable(f.Dir, err)
	}
	file.Close()
	l := &f.Launchers[0]
	e, err := f.install(path.Dir(file.name), []string{code.BaseName(file.name)}, []string{l.File()})
	return f.launched(e, err, l, l.File())
}

// launched makes an executable one that a launcher runs.
func (f *Folder) launched(e *Executable, err error, l *code.Launcher, main string) (*Executable, error) {
	if err != nil {
		return nil, err
	}
	e.Path, e.Args, e.Launcher = l.Path, []string{path.Join(f.Dir, main)}, l
	return e, nil
}

// bakedSource returns the function that the image brings, nil if there is none. Its main file may be a symlink to a file
// of another name in the folder, which is the one that errors and tracebacks then name.
func (f *Folder) bakedSource() (*Executable, error) {
	l, main, err := code.MainFile(disk, f.Dir, f.Launchers)
	if l == nil || err != nil {
		return nil, err
	}
	file, err := code.RegularWithin(disk, f.Dir, main)
	return &Executable{Path: l.Path, Args: []string{file}, Dir: f.Dir, Launcher: l}, err
}
