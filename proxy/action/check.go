//go:build linux

package action

import (
	"runtime"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// LookPath returns where an environment's PATH has a program, "" for nowhere. A name with a slash is its own place.
func LookPath(env []string, name string) string { return code.LookPath(disk, env, name) }

// check returns why the executable at name in dir, to which no symlink leads, cannot run in its final folder, if that
// can be seen without running it.
func (f *Folder) check(name, dir, final string) error {
	file, err := openFile(name, syscall.O_RDONLY, 0)
	switch {
	case err == syscall.EACCES: // it may be run without being readable: the kernel will tell
		return nil
	case err != nil:
		return code.Refuse("cannot read ", name, ": ", err.Error())
	}
	defer file.Close()
	return f.checkFile(file, dir, final)
}

func (f *Folder) checkFile(file *File, dir, final string) error {
	place := code.Place{Tree: disk, Dir: dir, Final: final, Env: f.Env, Machine: runtime.GOARCH}
	if err := place.Check(file); err != nil {
		return err
	}
	return runnable(file, final)
}

// noExecFlag is ST_NOEXEC of statvfs(3).
const noExecFlag = 8

// runnable returns why a file that could run is not allowed to.
func runnable(file *File, dir string) error {
	var s syscall.Statfs_t
	if syscall.Fstatfs(file.fd, &s) == nil && s.Flags&noExecFlag != 0 {
		return code.Refuse(dir, " is mounted noexec, so nothing in it can run (start the container with --tmpfs ", dir, ":exec,uid=", uid(), ")")
	}
	var st syscall.Stat_t
	if syscall.Fstat(file.fd, &st) == nil && st.Mode&0o111 == 0 {
		return code.Refuse(file.name, " is not executable (chmod +x)")
	}
	return nil
}
