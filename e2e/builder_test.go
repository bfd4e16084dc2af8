package e2e

import (
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// needBuilder asks for the folder of buildkitd and buildctl, and for the socket of a daemon.
func needBuilder(t *testing.T) (programs, socket string) {
	t.Helper()
	programs = os.Getenv("MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	socket, isSocket := strings.CutPrefix(os.Getenv("MKIMAGE_TEST_BUILDKIT"), "unix://")
	if programs == "" || !isSocket {
		missing(t, "no BuildKit on a socket: ci/services starts it, and sets MKIMAGE_TEST_BUILDKIT and MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	}
	return programs, socket
}

// refused runs mkimage, which must fail with one line, and returns that line. It compiles nothing, so that its PATH may
// be anything.
func refused(t *testing.T, environment []string, builder string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.Command(built.mkimage, "build", "scratch", "--proxy", built.v1, "--platform", "linux/amd64", "--progress", "none", "--builder", builder)
	cmd.Dir, cmd.Env, cmd.Stderr = t.TempDir(), append(os.Environ(), environment...), &stderr
	var exit *exec.ExitError
	if text, err := cmd.Output(); !errors.As(err, &exit) || exit.ExitCode() != 1 || len(text) > 0 {
		t.Fatalf("got %v with %q on stdout, want exit status 1 and nothing\n%s", err, text, &stderr)
	}
	line, rest, _ := strings.Cut(stderr.String(), "\n")
	if rest != "" {
		t.Errorf("it says more than one line:\n%s", &stderr)
	}
	return line
}

// TestContainerBuilder builds with a daemon in a container, which docker reaches. It begins before the daemon listens.
func TestContainerBuilder(t *testing.T) {
	t.Parallel()
	needEngine(t)
	programs, _ := needBuilder(t)
	image := loadScratch(t)
	want, _ := mkimage(t, "build", "scratch")
	run := func(args ...string) string {
		name := "e2e-builder-" + strings.ToLower(rand.Text())
		t.Cleanup(func() { _ = exec.Command("docker", "rm", "--force", "--volumes", name).Run() })
		output(t, "", "docker", append([]string{args[0], "--name", name}, args[1:]...)...)
		return name
	}
	// What --privileged gives, without the capability that a test's machine may lack itself. The image holds nothing of
	// a builder: the programs are those of this machine.
	name := run("run", "--detach", "--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE",
		"--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "--security-opt", "systempaths=unconfined",
		"--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--volume", "/var/lib/buildkit", "--volume", programs+":/builder:ro",
		"--volume", "/usr:/usr:ro", "--volume", "/lib:/lib:ro", "--volume", "/lib64:/lib64:ro",
		"--env", "PATH=/builder:/usr/sbin:/usr/bin", "--env", "TMPDIR=/var/lib/buildkit", "--user", "0:0",
		"--entrypoint", "sh", image, "-c", "sleep 1; exec buildkitd --containerd-worker=false")
	if got, _ := mkimage(t, "build", "scratch", "--builder", "docker-container://"+name); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	t.Run("with a step", func(t *testing.T) {
		if os.Getenv("MKIMAGE_ALPINE_MIRROR") == "" {
			t.Skip("no Alpine packages: MKIMAGE_ALPINE_MIRROR is not set")
		}
		definition := filepath.Join(t.TempDir(), "stepped.yaml")
		text := "name: stepped\nbase: alpine\nalpine: v3.22\nplatforms: [linux/amd64]\nrun: [{script: id -u > /etc/made}]\n"
		if err := os.WriteFile(definition, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, dir := mkimage(t, "build", definition, "--builder", "docker-container://"+name)
		if sizes := read(t, filepath.Join(dir, "dist/sizes.json")); !strings.Contains(string(sizes), `"run-1"`) {
			t.Errorf("no layer of the step is in the size record: %s", sizes)
		}
	})

	stopped := run("create", image)
	other := run("run", "--detach", image)
	for _, test := range []struct {
		name, container string
		environment     []string
		want            string
	}{
		{"no such container", "none-of-this-name", nil, "No such container: none-of-this-name (docker ps lists running containers); https://github.com/sciabarracom/openwhisk-runtime-go/blob/main/docs/buildkit.md"},
		{"a container that is stopped", stopped, nil, "is not running (docker start starts it); https://github.com/sciabarracom/openwhisk-runtime-go/blob/main/docs/buildkit.md"},
		{"a container of something else", other, nil, "(its image has no buildctl: take moby/buildkit:v"},
		{"no engine", name, []string{"DOCKER_HOST=unix:///none.sock"}, "/none.sock"},
		{"no docker", name, []string{"PATH=" + t.TempDir()}, "there is no program docker on the PATH"},
	} {
		t.Run(test.name, func(t *testing.T) {
			address := "docker-container://" + test.container
			line := refused(t, test.environment, address)
			if !strings.HasPrefix(line, "mkimage: build scratch: no builder can be reached at "+address+": ") || !strings.Contains(line, test.want) {
				t.Errorf("got %q, want %q", line, test.want)
			}
		})
	}
}
