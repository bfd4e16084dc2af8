//go:build unix

package container

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// TestExplainTellsWhoMayNot holds that the error tells a socket that the user may not use from one that nobody listens
// at.
func TestExplainTellsWhoMayNot(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(socket string) error
		want    string
	}{
		"nothing there":     {func(string) error { return nil }, ": no Docker Engine answers at "},
		"nobody listens":    {open, ": no Docker Engine answers at "},
		"not for this user": {closed, ", and your user may not use it: add it to the group docker, or use sudo"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "mkimage-") // the names of sockets are short
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			socket := filepath.Join(dir, "docker.sock")
			if err := errors.Join(os.Chmod(dir, 0o755), test.prepare(socket)); err != nil {
				t.Fatal(err)
			}
			if got := hasAsAnybody(t, "unix://"+socket); !strings.Contains(got, test.want) || !strings.Contains(got, socket) || strings.Contains(got, "\n") {
				t.Errorf("got %q, want one line with %q", got, test.want)
			}
		})
	}
}

func listenOnce(socket string) error {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	return listener.Close()
}

func open(socket string) error { return errors.Join(listenOnce(socket), os.Chmod(socket, 0o777)) }

// closed makes a socket that its owner alone may use.
func closed(socket string) error { return errors.Join(listenOnce(socket), os.Chmod(socket, 0)) }

// anybody is set in the environment of a test that runs as an ordinary user.
const anybody = "MKIMAGE_TEST_ANYBODY"

// hasAsAnybody asks the engine for an image as an ordinary user, and returns the error. Root may use every socket.
func hasAsAnybody(t *testing.T, host string) string {
	t.Helper()
	t.Setenv("DOCKER_HOST", host)
	if os.Getuid() != 0 {
		return has(t)
	}
	program := filepath.Join(filepath.Dir(strings.TrimPrefix(host, "unix://")), "test")
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	testkit.WriteProgram(t, program, string(content))
	command := exec.CommandContext(t.Context(), program, "-test.run=^TestAnybody$")
	command.Env = append(os.Environ(), anybody+"=1")
	command.Dir = filepath.Dir(program)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	said, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	line, _, _ := strings.Cut(string(said), "\nPASS")
	return line
}

// TestAnybody is what [hasAsAnybody] runs as another user.
func TestAnybody(t *testing.T) {
	if os.Getenv(anybody) != "" {
		_, _ = os.Stdout.WriteString(has(t))
		_, _ = os.Stdout.WriteString("\n")
	}
}

func has(t *testing.T) string {
	t.Helper()
	engine, err := Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	if _, err = engine.Has(t.Context(), "hello"); err == nil {
		t.Fatal("there is an engine")
	}
	return err.Error()
}
