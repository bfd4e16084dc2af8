//go:build linux

package action

import (
	"io"
	"path"
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// A File is an open file. It stands for os.File, since package os and its imports would add 200 KB to the proxy. The
// errors of its methods are those of the kernel, or io.EOF.
type File struct {
	fd   int // -1 when it is closed
	name string
	text bool // an upload that was not decoded
}

func openFile(name string, flags int, mode uint32) (*File, error) {
	for {
		fd, err := syscall.Open(name, flags|syscall.O_CLOEXEC, mode)
		if err != syscall.EINTR {
			return &File{fd: fd, name: name}, err
		}
	}
}

// Name returns the file's path.
func (f *File) Name() string { return f.name }

// Close closes the file, unless it is closed.
func (f *File) Close() {
	sys.Close(&f.fd)
}

// Write implements io.Writer.
func (f *File) Write(b []byte) (written int, err error) { return sys.WriteAll(f.fd, b) }

// Read implements io.Reader.
func (f *File) Read(b []byte) (int, error) {
	n, err := sys.Read(f.fd, b)
	if n == 0 && err == nil && len(b) > 0 {
		err = io.EOF
	}
	return n, err
}

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(b []byte, at int64) (read int, err error) {
	for read < len(b) {
		n, err := sys.ReadAt(f.fd, b[read:], at+int64(read))
		switch {
		case err != nil:
			return read, err
		case n == 0:
			return read, io.EOF
		}
		read += n
	}
	return read, nil
}

// size returns how many bytes the file has.
//
//go:noinline
func (f *File) size() int64 {
	var s syscall.Stat_t
	syscall.Fstat(f.fd, &s)
	return s.Size
}

// A system is the file system that the proxy runs in: a code.Tree.
type system struct{}

var disk *system

// Lstat implements code.Tree.
func (*system) Lstat(name string) uint32 {
	var s syscall.Stat_t
	if syscall.Lstat(name, &s) != nil {
		return 0
	}
	return s.Mode
}

// Stat implements code.Tree.
func (*system) Stat(name string) uint32 {
	var s syscall.Stat_t
	if syscall.Stat(name, &s) != nil {
		return 0
	}
	return s.Mode
}

// ReadLink implements code.Tree.
func (*system) ReadLink(name string) string {
	b := make([]byte, 4<<10)
	n, _ := syscall.Readlink(name, b)
	return string(b[:max(n, 0)])
}

// ReadFile implements code.Tree.
func (*system) ReadFile(name string) string {
	file, err := openFile(name, syscall.O_RDONLY, 0)
	if err != nil {
		return ""
	}
	defer file.Close()
	b := make([]byte, 16<<10)
	n, _ := file.ReadAt(b, 0)
	return string(b[:n])
}

// List implements code.Tree.
func (*system) List(name string) []string {
	names, _ := list(name)
	return names
}

// Create implements code.Tree.
func (*system) Create(name string, mode uint32, content io.WriterTo) error {
	file, err := openFile(name, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := content.WriteTo(file); err != nil {
		return err
	}
	return syscall.Fchmod(file.fd, mode)
}

// Mkdir implements code.Tree.
func (*system) Mkdir(name string) error { return syscall.Mkdir(name, 0o755) }

// Symlink implements code.Tree.
func (*system) Symlink(target, name string) error { return syscall.Symlink(target, name) }

// Remove implements code.Tree.
func (*system) Remove(name string) { syscall.Unlink(name) }

// newFile makes a file of our own in dir.
func newFile(dir string) (file *File, err error) {
	_, err = newName(dir, func(name string) error {
		file, err = openFile(name, syscall.O_RDWR|syscall.O_CREAT|syscall.O_EXCL, 0o600)
		return err
	})
	return file, err
}

// newFolder makes a folder of our own in dir.
func newFolder(dir string) (string, error) {
	return newName(dir, func(name string) error { return syscall.Mkdir(name, 0o700) })
}

func newName(dir string, create func(string) error) (string, error) {
	for n := 0; ; n++ {
		name := path.Join(dir, code.Temporary+strconv.Itoa(n))
		if err := create(name); err != syscall.EEXIST || n == 10000 {
			return name, err
		}
	}
}

// list returns the names in a folder, in the order of the file system.
func list(dir string) (names []string, err error) {
	file, err := openFile(dir, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b := make([]byte, 8<<10)
	for {
		n, err := syscall.ReadDirent(file.fd, b)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return names, err
		}
		_, _, names = syscall.ParseDirent(b[:n], -1, names)
	}
}

// removeAll removes a file, or a folder with all in it, as far as that is allowed. It follows no symlink.
func removeAll(name string) {
	if err := syscall.Unlink(name); err != syscall.EISDIR && err != syscall.EPERM {
		return
	}
	if syscall.Rmdir(name) != syscall.ENOTEMPTY {
		return
	}
	names, _ := list(name)
	for _, n := range names {
		removeAll(name + "/" + n)
	}
	syscall.Rmdir(name)
}
