package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// startProcess starts a proxy on this machine: arguments that follow the program are its command line.
func startProcess(t *testing.T, program string, args ...string) instance {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	collector, files := testkit.Collect(t)
	s := testkit.Start(t, path, files, func(c *exec.Cmd) { c.Args = append(c.Args, args...) })
	return reach(t, s.Address, func() (string, string) { return string(collector.Read(0)), string(collector.Read(1)) })
}

// speaksToBash initialises with the loop that the v1 protocol was proposed with on OpenWhisk's mailing list, and runs
// it. The answers are the point: logger grumbles where no system log listens.
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
	if got := i.post(t, "/run", map[string]any{"value": nil}); got.Status != 502 {
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
	if got := i.post(t, "/run", map[string]any{"value": nil}); got.Status != 502 {
		t.Errorf("run before init answered %v", got)
	}
	i.speaksToBash(t)
}
