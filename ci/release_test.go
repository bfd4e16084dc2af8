package ci_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReleaseMistakes holds what ci/release says before it builds anything.
func TestReleaseMistakes(t *testing.T) {
	clone := t.TempDir()
	if err := os.Mkdir(filepath.Join(clone, "ci"), 0o777); err != nil {
		t.Fatal(err)
	}
	copyFile(t, "release", filepath.Join(clone, "ci", "release"))
	git := func(args ...string) {
		command := exec.CommandContext(t.Context(), "git", append([]string{"-C", clone, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v: %s", args, err, out)
		}
	}
	git("init", "-q")
	git("commit", "-q", "--allow-empty", "-m", "first")
	for name, test := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"no tag":           {nil, 1, "has no tag vX.Y.Z; make one, or give --snapshot"},
		"an unknown flag":  {[]string{"--snapsot"}, 2, "unknown argument --snapsot; see ci/release --help"},
		"no value":         {[]string{"--only"}, 2, "--only needs a value; see ci/release --help"},
		"help":             {[]string{"--help"}, 0, "ci/release [--snapshot] [--only OS/ARCH]... [--output DIR]"},
		"help, after that": {[]string{"--snapshot", "-h"}, 0, "checksums.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), "bash", append([]string{filepath.Join(clone, "ci", "release")}, test.args...)...)
			out, _ := command.CombinedOutput()
			if status := command.ProcessState.ExitCode(); status != test.status || !strings.Contains(string(out), test.want) {
				t.Errorf("status %d: %s", status, out)
			}
		})
	}
}
