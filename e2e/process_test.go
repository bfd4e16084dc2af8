package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/freeport"
)

// startProcess starts a proxy on this machine, on a free loopback port and with
// an empty directory for its action, and ends it with the test.
func startProcess(t *testing.T, program string, args ...string) instance {
	t.Helper()
	dir := t.TempDir()
	stdout, stderr := filepath.Join(dir, "stdout"), filepath.Join(dir, "stderr")
	actions := filepath.Join(dir, "action")
	if err := os.Mkdir(actions, 0o755); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "OW_PORT="+port, "OW_ACTION_DIR="+actions)
	cmd.Stdout, cmd.Stderr = create(t, stdout), create(t, stderr)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	i := instance{url: "http://127.0.0.1:" + port, logs: func() (string, string) {
		return string(read(t, stdout)), string(read(t, stderr))
	}}
	i.answers(t)
	return i
}

func create(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// speaksToBash initialises with the loop that the v1 protocol was proposed with
// on OpenWhisk's mailing list, and runs it. The answers are the point: logger
// grumbles where no system log listens.
func (i instance) speaksToBash(t *testing.T) {
	t.Helper()
	for _, name := range []string{"/bin/bash", "jq", "logger"} {
		needProgram(t, name)
	}
	i.init(t, string(read(t, "testdata/loop.sh")))
	for _, name := range []string{"Mike", "Zoë"} {
		if got := i.run(t, map[string]any{"name": name})["hello"]; got != "Hello, "+name {
			t.Errorf("hello is %q\n%s", got, i.log())
		}
	}
}

// TestBashLoop runs the proxy of this machine's image where bash is.
func TestBashLoop(t *testing.T) {
	_, dir := mkimage(t, "build", "scratch", "-o", "type=oci,dest=scratch")
	i := startProcess(t, extractProxy(t, filepath.Join(dir, "scratch"), hostPlatform))
	if got := i.post(t, "/run", map[string]any{"value": nil}); got.status != 502 {
		t.Errorf("run before init answered %v", got)
	}
	i.speaksToBash(t)
}

// TestArm64 starts the arm64 proxy under emulation. What it starts itself need
// not be emulated, so that bash can be its action.
func TestArm64(t *testing.T) {
	needProgram(t, "qemu-aarch64-static")
	_, dir := mkimage(t, "build", "scratch", "-o", "type=oci,dest=scratch")
	i := startProcess(t, "qemu-aarch64-static", extractProxy(t, filepath.Join(dir, "scratch"), arm64))
	if got := i.post(t, "/run", map[string]any{"value": nil}); got.status != 502 {
		t.Errorf("run before init answered %v", got)
	}
	i.speaksToBash(t)
}
