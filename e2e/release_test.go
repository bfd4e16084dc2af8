package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRelease is the story of a machine without Go: from the files that ci/release has made to a bash image that runs,
// is pushed, and is verified.
func TestRelease(t *testing.T) {
	t.Parallel()
	release := os.Getenv("MKIMAGE_TEST_RELEASE")
	if release == "" {
		t.Skip("no release to install: ci/test --long makes one, and sets MKIMAGE_TEST_RELEASE")
	}
	needEngine(t)
	registry := needRegistry(t)
	needPackagesForAMD64(t)
	archives, err := filepath.Glob(filepath.Join(release, "mkimage_*_linux_amd64.tar.gz"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("archives %q, %v", archives, err)
	}
	version := "v" + strings.TrimSuffix(strings.TrimPrefix(filepath.Base(archives[0]), "mkimage_"), "_linux_amd64.tar.gz")

	home, work := t.TempDir(), t.TempDir()
	env := append(os.Environ(), "HOME="+home, "PATH="+filepath.Join(home, "bin")+":/usr/bin:/bin", "MKIMAGE_CACHE_DIR=", "XDG_CACHE_HOME=", "GOROOT=")
	call := func(program string, args ...string) string {
		t.Helper()
		command := exec.Command(program, args...)
		command.Dir, command.Env = work, env
		text, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", program, args, err, text)
		}
		return string(text)
	}
	if at := call("/bin/sh", "-c", "command -v go || true"); at != "" {
		t.Skipf("no machine without Go: there is %s", at)
	}
	installed := filepath.Join(home, "bin", "mkimage")
	call("/bin/sh", filepath.Join(release, "install.sh"), "--version", version, "--from", release, "--to", filepath.Dir(installed))
	var about struct{ Version, Commit, Proxy string }
	if err := json.Unmarshal([]byte(call(installed, "version", "--json")), &about); err != nil || about.Version != version || about.Proxy != "carried" {
		t.Fatalf("%+v, %v", about, err)
	}

	image, repository := imageName(t), registry+"/"+unique()
	pushed := call(installed, "build", "bash", "--platform", "linux/amd64", "--allow-over-budget", "--progress", "none",
		"-o", "type=daemon,ref="+image, "-o", "type=registry,ref="+repository+":v1")
	i, _ := start(t, image, frugal...)
	i.init(t, `main() { jq -nc --arg name "$(printf %s "$1" | jq -r .name)" '{greeting: ("Hello, " + $name)}'; }`)
	i.greets(t, "Mike")
	said := call(installed, "verify", repository+":v1", "--commit", about.Commit)
	if !strings.Contains(said, " at "+about.Commit+", images/bash.yaml, built by mkimage "+version) || !strings.Contains(said, "\nequal: "+strings.TrimSpace(pushed)) {
		t.Errorf("verify says %s", said)
	}
}
