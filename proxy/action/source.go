//go:build linux

package action

import (
	"path"
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// A Source is an upload as ActionLoop runtimes lay it out: NUMBER/src holds the upload, NUMBER/bin the program to run.
type Source struct {
	Root, Src, Bin string // absolute

	archive *code.Archive // of an upload that was one
}

// Exec returns the executable to run.
func (s *Source) Exec() string { return path.Join(s.Bin, code.Exec) }

// Source puts an upload into a new numbered folder. A zip is unpacked, unless it is a jar and saveJar names the file to
// keep it in. Only the archive is checked: its files may be anything that a compiler takes.
func (f *Folder) Source(upload *File, saveJar string) (*Source, error) {
	root := path.Join(f.Dir, strconv.Itoa(f.highest()+1))
	s := &Source{Root: root, Src: path.Join(root, "src"), Bin: path.Join(root, "bin")}
	for _, dir := range []string{root, s.Src} {
		if err := syscall.Mkdir(dir, 0o755); err != nil {
			removeAll(root)
			return nil, unwritable(f.Dir, err)
		}
	}
	if err := s.fill(upload, saveJar, f.Limits); err != nil {
		removeAll(root)
		return nil, err
	}
	return s, nil
}

// fill puts the upload, or the files that it holds, into s.Src.
func (s *Source) fill(upload *File, saveJar string, limits code.Limits) (err error) {
	kind, err := upload.kind()
	if err != nil {
		return code.Refuse("no file")
	}
	name := code.Exec
	switch {
	case kind == code.Damaged:
		return errDamaged
	case kind == code.Zip && saveJar != "" && code.IsJar(upload, upload.size()):
		name = code.BaseName(saveJar)
	case kind == code.Zip || kind == code.Gzip:
		if s.archive, err = code.Unpack(disk, upload, upload.size(), kind, s.Src, limits); err == nil {
			_, err = code.RegularWithin(disk, s.Src, code.Exec)
		}
		return err
	}
	if err := syscall.Fchmod(upload.fd, 0o755); err != nil {
		return unwritable(s.Src, err)
	}
	upload.Close()
	if err := syscall.Rename(upload.Name(), path.Join(s.Src, name)); err != nil {
		return unwritable(s.Src, err)
	}
	return nil
}

// highest returns the highest number that a folder has.
func (f *Folder) highest() int {
	highest := 0
	names, _ := list(f.Dir + "/") // it may be a symlink
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil && n > highest {
			highest = n
		}
	}
	return highest
}

// Compiled reports whether the source is something that runs as it is: a program or a script.
func (s *Source) Compiled() bool {
	name, err := code.RegularWithin(disk, s.Src, code.Exec)
	if name == "" || err != nil {
		return false
	}
	kind := code.KindOf([]byte(disk.ReadFile(name)))
	return kind == code.ELF || kind == code.Script
}

// Checked says why the executable cannot run here, if that can be seen, and makes it executable.
func (f *Folder) Checked(s *Source) (*Executable, error) {
	name, err := code.Within(disk, s.Bin, code.Exec)
	switch {
	case err == code.ErrLeadsOut: // the compiler leads to a program of the image, for no upload may
		return &Executable{Path: s.Exec(), Dir: s.Bin}, nil
	case err != nil && s.archive != nil && s.archive.Nested != "":
		return nil, s.archive.NoExec()
	case err != nil:
		return nil, code.Refuse("there is no exec in ", s.Bin)
	}
	syscall.Chmod(name, 0o755)
	if err := f.check(name, s.Bin, s.Bin); err != nil {
		return nil, err
	}
	return &Executable{Path: s.Exec(), Dir: s.Bin}, nil
}
