// Package code checks the code of an action, and unpacks archives: the kind of an upload, the entries of a zip or a
// tar.gz, the header of a program with the libraries that it needs, the first line of a script. It touches files
// through a Tree alone, so that a build accepts the same code for an image as the proxy does in a container of it.
//
//	archive, err := code.Unpack(tree, file, size, kind, dir, limits)
//	err = (&code.Place{Tree: tree, Dir: dir, Final: "/action", Env: env, Machine: "amd64"}).Check(program)
//
// A *Refusal says why an upload is not accepted, and what to do. The package has its own readers of archives and
// programs, for those of the standard library would make the proxy a third larger.
package code

import "io"

// A Tree is a file system. Names are absolute. Every symlink on the way to a file is followed, but only Stat, ReadFile
// and List follow one that is the file itself.
type Tree interface {
	// Lstat returns a file's st_mode, that of a symlink itself, and 0 where there is none.
	Lstat(name string) uint32
	// Stat returns a file's st_mode, and 0 where there is none.
	Stat(name string) uint32
	// ReadLink returns the target of a symlink.
	ReadLink(name string) string
	// ReadFile returns the text of a short file, at most its first 16 KiB, and "" where it cannot be read.
	ReadFile(name string) string
	// List returns the names in a folder.
	List(name string) []string

	// Create makes a file with the given permissions and content.
	Create(name string, mode uint32, content io.WriterTo) error
	// Mkdir makes a folder.
	Mkdir(name string) error
	// Symlink makes a symlink to a target.
	Symlink(target, name string) error
	// Remove removes a file or a symlink.
	Remove(name string)
}

// The types of files in an st_mode, on Linux and in archives.
const (
	TypeMask = 0o170000
	Folder   = 0o040000
	Regular  = 0o100000
	Symlink  = 0o120000
)

// A Place is the folder and the environment for which a program is checked.
type Place struct {
	Tree    Tree
	Dir     string   // where its files lie now
	Final   string   // where they will lie
	Env     []string // with which it will be started
	Machine string   // the processor that it will run on, by Go's name
}

// Check returns why the program in a file cannot run, if that can be seen without running it.
func (p *Place) Check(file io.ReaderAt) error {
	first, kind, err := kindOfFile(file)
	if err != nil {
		return Refuse("exec is empty")
	}
	switch kind {
	case ELF:
		e, err := readELF(file, p.Machine)
		if err != nil {
			return err
		}
		if name := p.missing(e); name != "" {
			return Refuse("the program needs ", Quoted(name), ", which is not in this image (link it statically; Go: CGO_ENABLED=0)")
		}
		return nil
	case Script:
		return p.checkScript(first)
	case Foreign:
		return ErrForeign
	}
	return Refuse("exec is neither a program nor a script that begins with #!")
}

// The refusals of uploads by their first bytes.
var (
	ErrEmpty   error = &Refusal{"the code is empty"}
	ErrSource  error = &Refusal{"the code is source without a #! line, and this image has nothing to run it with (send a program, a script that begins with #!, or a zip with exec)"}
	ErrForeign error = &Refusal{"the program is built for macOS or Windows, not for Linux (Go: build it with GOOS=linux)"}
)

// Exec is the name of an action's executable.
const Exec = "exec"

// Temporary is how the names of files begin that are not in their place yet.
const Temporary = ".proxy-"
