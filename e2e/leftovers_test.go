package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// interrupt asks a running mkimage to end and holds that it does so without a failure.
func (r *running) interrupt(t *testing.T, by os.Signal) {
	t.Helper()
	if err := r.Process.Signal(by); err != nil {
		t.Error(err)
	}
	if err := r.Wait(); err != nil {
		t.Errorf("%v: %s", err, &r.stderr)
	}
}

// leftovers returns the containers and images of an image that was started under a name.
func leftovers(t *testing.T, name string) string {
	t.Helper()
	images := docker(t, "images", "--format", "{{.Repository}}:{{.Tag}}", "mkimage-run/"+name)
	var containers []string
	for line := range strings.Lines(docker(t, "ps", "--all", "--format", "{{.Names}} {{.Image}}", "--filter", "label=io.github.sciabarracom.mkimage")) {
		if strings.Contains(line, "mkimage-run/"+name+":") {
			containers = append(containers, strings.TrimSpace(line))
		}
	}
	return strings.TrimSpace(images + " " + strings.Join(containers, " "))
}

// project writes a folder with a definition NAME whose action is a program.
func project(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	definition := fmt.Sprintf("name: %s\nbase: scratch\naction: ../exec\n", name)
	if err := os.Mkdir(filepath.Join(dir, "images"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "images", name+".yaml"), []byte(definition), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "exec"), read(t, built.v1), 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestKilledRun holds that the next run removes what a killed one has left.
func TestKilledRun(t *testing.T) {
	t.Parallel()
	needEngine(t)
	const name = "killed"
	dir, cache := project(t, name), "MKIMAGE_CACHE_DIR="+t.TempDir()
	output(t, dir, built.mkimage, "build", name, "--platform", hostPlatform.String(), "--sbom", "none")
	killed, err := run(t, dir, name, cache)
	if err != nil {
		t.Fatal(err, &killed.stderr)
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait() // it was killed
	if leftovers(t, name) == "" {
		t.Fatal("a killed run has left nothing, so that this test holds nothing")
	}
	next, err := run(t, dir, name, cache)
	if err != nil {
		t.Fatal(err, &next.stderr)
	}
	next.interrupt(t, syscall.SIGHUP) // as of a terminal that is closed
	if !strings.Contains(next.stderr.String(), "left by a mkimage that was killed") {
		t.Errorf("the next run said %s", &next.stderr)
	}
	if left := leftovers(t, name); left != "" {
		t.Errorf("%s is left", left)
	}
}

// TestDevLeavesNothing holds that an interrupt of mkimage dev leaves no container, image or file.
func TestDevLeavesNothing(t *testing.T) {
	t.Parallel()
	needEngine(t)
	const name = "leaves-nothing"
	dir, temp := project(t, name), t.TempDir()
	r, err := starting(t, dir, []string{"TMPDIR=" + temp}, "dev")
	if err != nil {
		t.Fatal(err, &r.stderr)
	}
	if leftovers(t, name) == "" {
		t.Errorf("it runs in no container: %s", &r.stderr)
	}
	r.interrupt(t, os.Interrupt)
	if left := leftovers(t, name); left != "" {
		t.Errorf("%s is left", left)
	}
	if files, err := os.ReadDir(temp); err != nil || len(files) > 0 {
		t.Errorf("files are left: %v, %v", files, err)
	}
}
