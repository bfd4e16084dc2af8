package buildkit_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	controlapi "github.com/moby/buildkit/api/services/control"
	"github.com/moby/buildkit/client"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

// daemon is a builder of a test's own, for tests that end it, stop it or fill its disk.
type daemon struct {
	address string
	process *os.Process
	exited  chan struct{}
	log     *lockedBuffer
}

// start starts a daemon on a unix socket, or at the address in flags; root is where it keeps things.
func start(t *testing.T, root string, flags ...string) *daemon {
	t.Helper()
	builder(t)
	programs := os.Getenv("MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	if programs == "" || os.Getuid() != 0 {
		t.Skip("only root with $MKIMAGE_TEST_BUILDKIT_PROGRAMS, which ci/services sets, starts more builders")
	}
	socket, err := os.MkdirTemp("", "builder") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(socket) })
	d := &daemon{address: "unix://" + filepath.Join(socket, "sock"), exited: make(chan struct{}), log: &lockedBuffer{}}
	command := exec.Command(filepath.Join(programs, "buildkitd"), append([]string{"--addr", d.address, "--root", root,
		"--containerd-worker=false", "--oci-worker-snapshotter=native"}, flags...)...)
	command.Stderr = d.log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	d.process = command.Process
	go func() {
		_ = command.Wait()
		close(d.exited)
	}()
	t.Cleanup(func() {
		_ = d.process.Signal(syscall.SIGCONT)
		_ = d.process.Signal(syscall.SIGTERM)
		select {
		case <-d.exited:
		case <-time.After(30 * time.Second):
			d.kill(t)
		}
	})
	d.ready(t)
	return d
}

// ready waits until the daemon answers or ends.
func (d *daemon) ready(t *testing.T) {
	t.Helper()
	c := d.client(t)
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

func (d *daemon) client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(context.Background(), d.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (d *daemon) kill(t *testing.T) {
	t.Helper()
	if err := d.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	<-d.exited
}

// running returns the builds that the daemon is at.
func (d *daemon) running(t *testing.T) []string {
	t.Helper()
	stream, err := d.client(t).ControlClient().ListenBuildHistory(t.Context(), &controlapi.BuildHistoryRequest{ActiveOnly: true, EarlyExit: true})
	if err != nil {
		t.Fatal(err)
	}
	var running []string
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return running
		}
		if err != nil {
			t.Fatal(err)
		}
		running = append(running, event.Record.GetRef())
	}
}

// lockedBuffer is written by one goroutine and read by another.
type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}

// lines gathers what an engine shows.
type lines struct{ lockedBuffer }

func (l *lines) display() *progress.Display { return progress.New(l, progress.Plain) }

// with returns the lines that have a text in them.
func (l *lines) with(text string) []string {
	var found []string
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, text) {
			found = append(found, strings.TrimSuffix(line, "\n"))
		}
	}
	return found
}
