// Package daemontest starts BuildKit daemons for tests that end one, stop it or fill its disk.
//
//	daemon := daemontest.Start(t, t.TempDir())
//	build(daemon.Address)
//	daemon.Kill(t)
package daemontest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
)

// Daemon is a BuildKit daemon of one test.
type Daemon struct {
	Address string
	Process *os.Process
	exited  chan struct{} // closed when it has exited
	log     *bytes.Buffer // complete when it has exited
}

// Start starts a daemon on a unix socket, or at the address in flags; root is where it keeps things.
func Start(t *testing.T, root string, flags ...string) *Daemon {
	t.Helper()
	return start(t, root, "exec", syscall.SysProcAttr{}, flags...)
}

// start starts a daemon in a process with these attributes. before is the start of the shell's command line, before the
// daemon's.
func start(t *testing.T, root, before string, attributes syscall.SysProcAttr, flags ...string) *Daemon {
	t.Helper()
	programs := os.Getenv("MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	if programs == "" && os.Getenv("CI") == "true" {
		t.Fatal("no builder: ci/services builds one and sets $MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	}
	if programs == "" || os.Getuid() != 0 {
		t.Skip("only root with $MKIMAGE_TEST_BUILDKIT_PROGRAMS, which ci/services sets, starts more builders")
	}
	socket, err := os.MkdirTemp("", "builder") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(socket) })
	d := &Daemon{Address: "unix://" + filepath.Join(socket, "sock"), exited: make(chan struct{}), log: &bytes.Buffer{}}
	command := exec.Command("sh", append([]string{"-c", before + ` "$@"`, "sh", filepath.Join(programs, "buildkitd"), "--addr", d.Address, "--root", root,
		"--containerd-worker=false"}, flags...)...)
	command.Stderr = d.log
	attributes.Pdeathsig = syscall.SIGKILL
	command.SysProcAttr = &attributes
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	d.Process = command.Process
	go func() {
		_ = command.Wait()
		close(d.exited)
	}()
	t.Cleanup(func() {
		_ = d.Process.Signal(syscall.SIGCONT)
		_ = d.Process.Signal(syscall.SIGTERM)
		select {
		case <-d.exited:
		case <-time.After(30 * time.Second):
			d.Kill(t)
		}
	})
	d.ready(t)
	return d
}

// ready waits until the daemon answers or ends.
func (d *Daemon) ready(t *testing.T) {
	t.Helper()
	c := d.Client(t)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := c.ListWorkers(ctx)
		cancel()
		if err == nil {
			return
		}
		select {
		case <-d.exited:
			t.Fatalf("the daemon has ended: %s", d.log)
		case <-t.Context().Done():
			t.Fatalf("the daemon does not answer: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Client returns a connection to the daemon for the test.
func (d *Daemon) Client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(context.Background(), d.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Kill ends the daemon at once.
func (d *Daemon) Kill(t *testing.T) {
	t.Helper()
	if err := d.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	<-d.exited
}
