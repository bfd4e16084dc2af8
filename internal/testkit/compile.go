package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// A Program is compiled before the tests of a package run.
type Program struct {
	File   *string // is set to the file of the program, which has the name of the folder
	Source string  // the folder of its main package
	Race   bool    // with the race detector; File is "" on a machine that has none
	// Make returns the program where it is compiled in another way than by go build.
	Make func() ([]byte, error)
}

// A Runner runs the tests of a package, as *testing.M does, and returns the exit status.
type Runner interface{ Run() int }

// Main compiles the programs that the tests of a package start, runs the tests, and exits with their status.
// Everybody may read and run the programs. It sets the umask of containers in place of the caller's.
func Main(m Runner, programs ...Program) {
	syscall.Umask(0o022)
	WithFolder(m, func(dir string) error {
		err := os.Chmod(dir, 0o755)
		for _, p := range programs {
			if err == nil {
				err = p.compile(dir)
			}
		}
		return err
	})
}

// WithFolder calls begin with a folder for all tests of a package, runs them, removes the folder, and exits with their
// status.
func WithFolder(m Runner, begin func(dir string) error) {
	status := 1
	dir, err := os.MkdirTemp("", "testkit-*")
	if err == nil {
		err = begin(dir)
	}
	if err == nil {
		status = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

func (p Program) compile(dir string) error {
	source, err := filepath.Abs(p.Source)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, filepath.Base(source))
	if p.Make != nil {
		*p.File = file
		program, err := p.Make()
		if err != nil {
			return err
		}
		return os.WriteFile(file, program, 0o755)
	}
	if !p.Race {
		*p.File = file
		return compile(file, source)
	}
	if err := compile(file+"-race", source, "-race"); err != nil {
		fmt.Fprintln(os.Stderr, "no race detector:", err)
		return nil
	}
	*p.File = file + "-race"
	return nil
}

// Compile compiles the program of a folder and returns its file, which has the name of the folder.
func Compile(t testing.TB, source string) string {
	t.Helper()
	var file string
	if err := (Program{File: &file, Source: source}).compile(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	return file
}

// compile makes go run copy the program instead of running it: the go command keeps the programs that go run links, so
// mkimage, whose linking takes 3 s, is linked once for all packages and runs of tests until its source changes.
func compile(file, source string, flags ...string) error {
	args := append([]string{"run", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-exec", "cp"}, flags...)
	cmd := exec.Command("go", append(args, ".", file)...)
	cmd.Dir = source
	cgo := "0"
	if len(flags) > 0 { // the race detector needs it
		cgo = "1"
	}
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile %s: %v\n%s", source, err, text)
	}
	return os.Chmod(file, 0o755)
}
