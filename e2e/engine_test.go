package e2e

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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
	name := newName()
	t.Cleanup(func() { exec.Command("docker", "image", "rm", name).Run() })
	return name
}

func newName() string { return "mkimage-e2e/" + strings.ToLower(rand.Text()) + ":latest" }

// loaded has the images that several tests start, by what builds them. Each is loaded once, and removed after the last test.
var loaded struct {
	sync.Mutex
	images map[string]func() (name string, err error)
}

// withImages removes the loaded images after the tests.
type withImages struct{ *testing.M }

func (m withImages) Run() int {
	status := m.M.Run()
	for _, image := range loaded.images {
		if name, err := image(); err == nil {
			_ = exec.Command("docker", "image", "rm", name).Run()
		}
	}
	return status
}

// loadImage builds a shipped image and loads it, from a docker archive, the only form that Docker 20.10 loads. It returns
// the image's name on the engine, which tests share.
func loadImage(t *testing.T, image string, flags ...string) string {
	t.Helper()
	needEngine(t)
	loaded.Lock()
	load := loaded.images[image]
	if load == nil {
		load = sync.OnceValues(func() (string, error) {
			name, archive := newName(), filepath.Join(t.TempDir(), image+".tar")
			for _, command := range []*exec.Cmd{
				exec.Command(built.mkimage, append([]string{"build", image, "-o", "type=docker,dest=" + archive + ",ref=" + name}, flags...)...),
				exec.Command("docker", "load", "-i", archive),
			} {
				command.Dir = filepath.Dir(archive)
				if text, err := command.CombinedOutput(); err != nil {
					return "", fmt.Errorf("%s: %w\n%s", command, err, text)
				}
			}
			return name, nil
		})
		if loaded.images == nil {
			loaded.images = map[string]func() (string, error){}
		}
		loaded.images[image] = load
	}
	loaded.Unlock()
	name, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// loadScratch loads the image scratch.
func loadScratch(t *testing.T) string {
	t.Helper()
	return loadImage(t, "scratch")
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
