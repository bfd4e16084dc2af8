package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// running is an image that mkimage run has started.
type running struct {
	*exec.Cmd
	url    string // the first line of stdout: of mkimage run, the URL
	stderr strings.Builder
}

// run starts mkimage run, with more variables, and waits for the URL.
func run(t *testing.T, dir, image string, variables ...string) (*running, error) {
	t.Helper()
	return starting(t, dir, variables, "run", image)
}

// starting starts mkimage and waits for its first line on stdout.
func starting(t *testing.T, dir string, variables []string, args ...string) (*running, error) {
	t.Helper()
	r := &running{Cmd: exec.Command(built.mkimage, args...)}
	r.Dir, r.Cmd.Stderr, r.Env = dir, &r.stderr, append(os.Environ(), variables...)
	stdout, err := r.StdoutPipe()
	if err == nil {
		err = r.Start()
	}
	if err != nil {
		return r, err
	}
	t.Cleanup(func() { _ = r.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	r.url = strings.TrimSpace(line)
	return r, err
}

// TestRunsAtOnce holds that images that are started at the same time from folders of the same name do not get mixed up,
// and leave nothing.
func TestRunsAtOnce(t *testing.T) {
	t.Parallel()
	needEngine(t)
	dir := t.TempDir()
	words := []string{"first", "second", "third"}
	name := "at-once"
	for _, word := range words {
		own := filepath.Join(dir, word)
		if err := os.MkdirAll(own, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(own, name+".yaml"), []byte("name: "+name+"\nbase: scratch\nenv: {SAYS: "+word+"}\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		output(t, own, built.mkimage, "build", name+".yaml", "--platform", hostPlatform.String(), "--sbom", "none", "-o", "type=oci,dest=dist/"+name)
	}
	v1 := read(t, built.v1)
	var group sync.WaitGroup
	for _, word := range words {
		group.Go(func() {
			r, err := run(t, filepath.Join(dir, word), name)
			if err != nil {
				t.Errorf("%s: %v: %s", word, err, &r.stderr)
				return
			}
			i := reach(t, strings.TrimPrefix(r.url, "http://"), func() (string, string) { return "", r.stderr.String() })
			if got := i.tryInit(t, v1); got.Status != 200 {
				t.Errorf("%s: init answered %v", word, got)
			} else if result := i.run(t, map[string]any{"name": "Mike", "env": "SAYS"}); result["env"] != word {
				t.Errorf("%s: another image answers: %v", word, result)
			}
			if err := r.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
			if err := r.Wait(); err != nil {
				t.Errorf("%s: %v: %s", word, err, &r.stderr)
			}
		})
	}
	group.Wait()
	if left := docker(t, "images", "-q", "mkimage-run/"+name); left != "" {
		t.Errorf("images are left: %s", left)
	}
}

// TestLoadsAtOnce holds that builds that load images of the same name at the same time all succeed.
func TestLoadsAtOnce(t *testing.T) {
	t.Parallel()
	needEngine(t)
	var group sync.WaitGroup
	ref := "mkimage-e2e/loads-at-once:1"
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "-f", ref).Run() })
	for _, word := range []string{"one", "two", "three"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "same.yaml"), []byte("name: same\nbase: scratch\nenv: {SAYS: "+word+"}\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			output(t, dir, built.mkimage, "build", "same.yaml", "--platform", hostPlatform.String(), "--sbom", "none", "-o", "type=daemon,ref="+ref)
		})
	}
	group.Wait()
	if got := docker(t, "image", "inspect", "--format", "{{len .RepoTags}}", ref); got != "1" {
		t.Errorf("it has %s names", got)
	}
}
