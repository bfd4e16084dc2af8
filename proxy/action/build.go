//go:build linux

package action

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// Remove removes the source, with all that was made of it.
func (s *Source) Remove() { removeAll(s.Root) }

// AsItIs makes the upload itself the program to run.
func (s *Source) AsItIs() error {
	if err := syscall.Rename(s.Src, s.Bin); err != nil {
		return unwritable(s.Root, err)
	}
	return nil
}

// MakeBin makes the folder that a compiler fills.
func (s *Source) MakeBin() error {
	if err := syscall.Mkdir(s.Bin, 0o755); err != nil {
		return unwritable(s.Root, err)
	}
	return nil
}

// Built reports whether there is an executable.
func (s *Source) Built() bool {
	_, err := code.Within(disk, s.Bin, code.Exec)
	return err == nil || err == code.ErrLeadsOut
}

// ExecutionEnv returns the content of the file exec.env that a compiler leaves beside the executable, nil without one
// (rule 20).
func (s *Source) ExecutionEnv() []byte {
	const most = 4 << 10
	name, err := code.RegularWithin(disk, s.Bin, "exec.env")
	if name == "" || err != nil {
		return nil
	}
	text := disk.ReadFile(name)
	return []byte(text[:min(len(text), most)])
}

// TemporaryFolder makes a folder in TMPDIR, or in /tmp where that is not set.
func TemporaryFolder() (*Folder, error) {
	dir, ok := syscall.Getenv("TMPDIR")
	if !ok || dir == "" {
		dir = "/tmp"
	}
	name, err := newFolder(dir)
	if err != nil {
		return nil, unwritable(dir, err)
	}
	return &Folder{Dir: name}, nil
}

// Remove removes the folder with all that is in it.
func (f *Folder) Remove() { removeAll(f.Dir) }

// Stdin and Stdout are those of the process.
func Stdin() *File  { return &File{fd: 0, name: "stdin"} }
func Stdout() *File { return &File{fd: 1, name: "stdout"} }
