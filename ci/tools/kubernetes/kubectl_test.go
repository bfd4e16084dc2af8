package kubernetes

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestKubectl reaches a builder in a pod through the kubectl that is installed.
func TestKubectl(t *testing.T) {
	builder, programs := os.Getenv("MKIMAGE_TEST_BUILDKIT"), os.Getenv("MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	kubectl, err := exec.LookPath("kubectl")
	if err != nil || builder == "" || programs == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no kubectl or no builder: ci/services has both")
		}
		t.Skip("no kubectl or no builder: ci/services has both")
	}
	version, err := exec.Command(kubectl, "version", "--client").Output()
	t.Logf("%s (%v)", version, err)
	mkimage := filepath.Join(t.TempDir(), "mkimage")
	// As internal/testkit compiles it, so that it is linked once for both.
	compile := exec.Command("go", "run", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-exec", "cp", ".", mkimage)
	compile.Dir, compile.Env = "../../../cmd/mkimage", append(os.Environ(), "CGO_ENABLED=0")
	if output, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	t.Setenv("KUBECONFIG", cluster{t, []string{filepath.Join(programs, "buildctl"), "--addr", builder, "dial-stdio"}}.start())
	t.Setenv("KUBECACHEDIR", t.TempDir())

	build := func(t *testing.T, flags ...string) (stdout, stderr string) {
		command := exec.Command(mkimage, append([]string{"build", "scratch", "--platform", "linux/amd64"}, flags...)...)
		command.Dir = t.TempDir()
		said := &strings.Builder{}
		command.Stderr = said
		output, _ := command.Output()
		return string(output), said.String()
	}
	t.Run("a builder", func(t *testing.T) {
		here, _ := build(t)
		there, said := build(t, "--builder", "kube-pod://builder-0?namespace=builders")
		if here == "" || there != here {
			t.Errorf("built %q, want %q: %s", there, here, said)
		}
	})
	for _, test := range []struct{ pod, want string }{
		{"none", `kubectl said: Error from server (NotFound): pods "none" not found;`},
		{"closed", `kubectl said: Error from server (Forbidden): pods "closed" is forbidden: User "me" cannot create resource "pods/exec";`},
		{"bare", `exec: "buildctl": executable file not found in $PATH: unknown (its image has no buildctl: take moby/buildkit:v0.32.2);`},
	} {
		t.Run(test.pod, func(t *testing.T) {
			address := "kube-pod://" + test.pod + "?namespace=builders"
			_, said := build(t, "--builder", address)
			lines := strings.Split(strings.TrimSpace(said), "\n")
			last := lines[len(lines)-1]
			if !strings.Contains(last, "no builder can be reached at "+address+": kubectl said: ") || !strings.Contains(last, test.want) {
				t.Errorf("it says %s, want %s", last, test.want)
			}
		})
	}
}
