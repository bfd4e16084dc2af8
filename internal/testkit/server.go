package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A Server is a running proxy, or a program that answers as one.
type Server struct {
	Client
	Cmd            *exec.Cmd
	Dir            string // its OW_ACTION_DIR
	Stdout, Stderr *Output
	exited         chan struct{}
	over           sync.Once
	marker         string // stands in the environment of all its descendants
}

// A Setting changes how a server is started.
type Setting func(c *exec.Cmd)

// Env sets variables of the server: KEY=value.
func Env(variables ...string) Setting {
	return func(c *exec.Cmd) { c.Env = append(c.Env, variables...) }
}

// Start starts a program on a free port, with an empty folder for its action and nothing else in its environment, and
// waits until it listens. When the test is over the program is ended, with all that it started.
func Start(t testing.TB, program string, settings ...Setting) *Server {
	t.Helper()
	s := Launch(t, program, settings...)
	Await(t, "the server listens", func() bool {
		if s.HasExited() {
			t.Fatalf("the server ended: %s\n%s", s.Cmd.ProcessState, s.Stderr)
		}
		s.Address = listening(s.Cmd.Process.Pid)
		return s.Address != ""
	})
	return s
}

// Launch is Start for a program that may end at once.
func Launch(t testing.TB, program string, settings ...Setting) *Server {
	t.Helper()
	dir := t.TempDir()
	s := &Server{Dir: filepath.Join(dir, "action"), exited: make(chan struct{}), marker: "TESTKIT_MARKER=" + dir}
	if err := os.Mkdir(s.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	s.Cmd = &exec.Cmd{Path: program, Args: []string{filepath.Base(program)}, SysProcAttr: &syscall.SysProcAttr{}}
	s.Cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "OW_PORT=0", "OW_ACTION_DIR=" + s.Dir, s.marker}
	for _, set := range settings {
		set(s.Cmd)
	}
	var pipes [2]*os.File
	s.Stdout, pipes[0] = newOutput(t)
	s.Stderr, pipes[1] = newOutput(t)
	if s.Cmd.Stdout == nil {
		s.Cmd.Stdout, s.Cmd.Stderr = pipes[0], pipes[1]
	}
	s.Client = Client{T: t, Log: s.Stderr.String}
	if err := s.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, pipe := range pipes {
		pipe.Close()
	}
	go func() {
		_ = s.Cmd.Wait()
		close(s.exited)
	}()
	t.Cleanup(s.End)
	return s
}

// End kills the server and all that it started.
func (s *Server) End() {
	s.over.Do(func() {
		_ = s.Cmd.Process.Kill()
		<-s.exited
		for _, pid := range s.Descendants() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if s.T.Failed() {
			s.T.Logf("stdout: %.500s\nstderr: %.500s", s.Stdout, s.Stderr)
		}
	})
}

// HasExited reports whether the server has ended.
func (s *Server) HasExited() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// Signal sends a signal to the server.
func (s *Server) Signal(signal syscall.Signal) {
	s.T.Helper()
	if err := s.Cmd.Process.Signal(signal); err != nil {
		s.T.Fatalf("signal %v: %v", signal, err)
	}
}

// Status waits for the server's end and returns its exit status, -1 for a signal.
func (s *Server) Status() int {
	s.T.Helper()
	select {
	case <-s.exited:
	case <-time.After(Patience):
		s.T.Fatal("the server did not end")
	}
	return s.Cmd.ProcessState.ExitCode()
}
