//go:build linux

package action

import (
	"syscall"
)

// A placement is what an executable is checked against.
type placement struct {
	dir   string   // where its files lie now
	final string   // where they will lie
	env   []string // what it will be started with
}

// check says why the executable at name, which no symlink leads to, cannot run
// here, if that can be seen without running it.
func (p placement) check(name string) error {
	file, err := openFile(name, syscall.O_RDONLY, 0)
	switch {
	case err == syscall.EACCES: // it may be run without being readable: the kernel will tell
		return nil
	case err != nil:
		return refuse("cannot read ", name, ": ", err.Error())
	}
	defer file.Close()
	return p.checkFile(file)
}

func (p placement) checkFile(file *File) error {
	first, err := firstBytes(file)
	if err != nil {
		return refuse("exec is empty")
	}
	switch kindOf(first) {
	case ELF:
		program, err := readELF(file)
		if err != nil {
			return err
		}
		if name := p.missing(program); name != "" {
			return refuse("the program needs ", quoted(name), ", which is not in this image (link it statically; Go: CGO_ENABLED=0)")
		}
	case Script:
		if err := p.checkScript(first); err != nil {
			return err
		}
	case Foreign:
		return errForeign
	default:
		return refuse("exec is neither a program nor a script that begins with #!")
	}
	return p.runnable(file)
}

var errForeign = refuse("the program is built for macOS or Windows, not for Linux (Go: build it with GOOS=linux)")

// noExecFlag is ST_NOEXEC of statvfs(3).
const noExecFlag = 8

// runnable says why a file that could run is not allowed to.
func (p placement) runnable(file *File) error {
	var s syscall.Statfs_t
	if syscall.Fstatfs(file.fd, &s) == nil && s.Flags&noExecFlag != 0 {
		return refuse(p.final, " is mounted noexec, so nothing in it can run (start the container with --tmpfs ", p.final, ":exec,uid=", uid(), ")")
	}
	var st syscall.Stat_t
	if syscall.Fstat(file.fd, &st) == nil && st.Mode&0o111 == 0 {
		return refuse(file.name, " is not executable (chmod +x)")
	}
	return nil
}
