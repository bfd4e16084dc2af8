package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
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
	t.Parallel()
	_, dir := mkimage(t, "build", "scratch", "-o", "type=oci,dest=scratch")
	i := startProcess(t, extractProgram(t, filepath.Join(dir, "scratch"), hostPlatform, "bin/proxy"))
	if got := i.post(t, "/run", map[string]any{"value": nil}); got.Status != 502 {
		t.Errorf("run before init answered %v", got)
	}
	i.speaksToBash(t)
}

// emulators has the name of QEMU's emulator of programs for each machine that images are built for.
var emulators = map[images.Platform]string{
	images.LinuxAMD64: "qemu-x86_64-static", images.LinuxARM64: "qemu-aarch64-static", images.LinuxARMv7: "qemu-arm-static",
	images.LinuxPPC64LE: "qemu-ppc64le-static", images.LinuxRISCV64: "qemu-riscv64-static", images.LinuxS390X: "qemu-s390x-static",
}

// TestOtherMachines starts the proxy and a baked Go action of other machines under emulation. What the proxy starts
// need not be emulated, so that bash can be its action.
func TestOtherMachines(t *testing.T) {
	t.Parallel()
	for _, platform := range images.Platforms() {
		t.Run(string(platform), func(t *testing.T) {
			if platform != images.LinuxARM64 && os.Getenv("LONG") == "" {
				t.Skip("compiles for one more machine: with LONG=1")
			}
			needProgram(t, emulators[platform])
			_, dir := mkimage(t, "build", "scratch", "hello", "--platform", string(platform))
			program := func(image, name string) string {
				return extractProgram(t, filepath.Join(dir, "dist", image), v1.Platform{OS: platform.OS(), Architecture: platform.Architecture(), Variant: platform.Variant()}, name)
			}
			i := startProcess(t, emulators[platform], program("scratch", "bin/proxy"))
			if got := i.post(t, "/run", map[string]any{"value": nil}); got.Status != 502 {
				t.Errorf("run before init answered %v", got)
			}
			i.speaksToBash(t)
			startProcess(t, emulators[platform], program("hello", "action/exec")).answersAsTheSeedShows(t)
		})
	}
}
