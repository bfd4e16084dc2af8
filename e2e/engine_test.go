package e2e

import (
	"bytes"
	"crypto/rand"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// docker runs the docker command and returns its stdout.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	return output(t, "", "docker", args...)
}

// imageName returns a name that no other image on the engine has, and removes
// the image of that name, if there is one, when the test ends.
func imageName(t *testing.T) string {
	name := "mkimage-e2e/" + strings.ToLower(rand.Text()) + ":latest"
	t.Cleanup(func() { exec.Command("docker", "image", "rm", name).Run() })
	return name
}

// loadScratch builds the scratch image and loads it from a docker archive, the
// only form that Docker 20.10 loads. It returns the image's name on the engine.
func loadScratch(t *testing.T) string {
	t.Helper()
	needEngine(t)
	name, archive := imageName(t), filepath.Join(t.TempDir(), "scratch.tar")
	mkimage(t, "build", "scratch", "-o", "type=docker,dest="+archive+",ref="+name)
	docker(t, "load", "-i", archive)
	return name
}

// start runs a container and waits for its proxy. Arguments that follow the image are flags of docker run.
func start(t *testing.T, image string, flags ...string) (instance, string) {
	t.Helper()
	args := append([]string{"create", "-p", "127.0.0.1::8080"}, flags...)
	id := docker(t, append(args, image)...)
	t.Cleanup(func() { exec.Command("docker", "rm", "-f", id).Run() })
	docker(t, "start", id)
	return reach(t, docker(t, "port", id, "8080/tcp"), func() (string, string) {
		var stdout, stderr bytes.Buffer
		cmd := exec.Command("docker", "logs", id)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		cmd.Run()
		return stdout.String(), stderr.String()
	}), id
}
