package ci_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// nightly is a repository with a stub of bench/check, which prints its arguments and ends with the status in the file
// status. Its last commit but one is two days old.
type nightly struct {
	dir, base string
	job       string // the script of the job
}

func newNightly(t *testing.T, job string) nightly {
	t.Helper()
	n := nightly{dir: t.TempDir(), job: job}
	for name, text := range map[string]string{"bench/check": "#!/bin/sh\necho \"compared: $*\"\nexit $(cat status)\n", "status": "0"} {
		file := filepath.Join(n.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	n.git(t, 0, "init", "-q")
	n.git(t, 0, "add", "-A")
	n.git(t, 72*time.Hour, "commit", "-qm", "first")
	n.git(t, 48*time.Hour, "commit", "-qm", "second", "--allow-empty")
	n.base = n.git(t, 0, "rev-parse", "HEAD")
	return n
}

// git runs git as it was some time ago.
func (n nightly) git(t *testing.T, ago time.Duration, args ...string) string {
	t.Helper()
	command := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
	date := fmt.Sprintf("@%d +0000", time.Now().Add(-ago).Unix())
	command.Dir, command.Env = n.dir, append(os.Environ(), "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date, "GIT_CONFIG_GLOBAL="+os.DevNull)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// run runs the job as runners do, and returns what it prints, and its summary.
func (n nightly) run(t *testing.T, base string) (said, summary string, passed bool) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "summary")
	command := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-e", "-c", n.job)
	command.Dir, command.Env = n.dir, append(os.Environ(), "BASE="+base, "GITHUB_STEP_SUMMARY="+file)
	out, err := command.CombinedOutput()
	text, _ := os.ReadFile(file)
	return string(out), string(text), err == nil
}

// jobs returns the scripts of both pipelines.
func jobs(t *testing.T) map[string]string {
	t.Helper()
	var hub struct {
		Jobs struct {
			Check job `yaml:"check"`
		} `yaml:"jobs"`
	}
	readYAML(t, "github/nightly.yml", &hub)
	var lab struct {
		Nightly struct {
			Script []string `yaml:"script"`
		} `yaml:"nightly"`
	}
	readYAML(t, "gitlab/nightly.yml", &lab)
	scripts := map[string]string{"gitlab": strings.Join(lab.Nightly.Script, "\n")}
	for _, each := range hub.Jobs.Check.Steps {
		if each.Run != "" {
			scripts["github"] += each.Run
		}
	}
	return scripts
}

// TestNightly holds that a night compares with the last commit that is a day old, or with a named revision, fails if
// bench/check fails, and does nothing without a new commit.
func TestNightly(t *testing.T) {
	for name, script := range jobs(t) {
		t.Run(name, func(t *testing.T) {
			n := newNightly(t, script)
			if said, _, passed := n.run(t, ""); !passed || said != "nothing is new since yesterday\n" {
				t.Errorf("without a new commit: %v, %q", passed, said)
			}
			n.git(t, 0, "commit", "-qm", "third", "--allow-empty")
			want := "compared: " + n.base + " --json check.json\n"
			said, summary, passed := n.run(t, "")
			if !passed || !strings.Contains(said, want) || name == "github" && summary != "```\n"+want+"```\n" {
				t.Errorf("with a new commit: %v, %q, summary %q", passed, said, summary)
			}
			if said, _, passed = n.run(t, "v1.0.0"); !passed || !strings.Contains(said, "compared: v1.0.0 ") {
				t.Errorf("with a revision: %v, %q", passed, said)
			}
			if err := os.WriteFile(filepath.Join(n.dir, "status"), []byte("1"), 0o644); err != nil {
				t.Fatal(err)
			}
			if said, _, passed = n.run(t, ""); passed || !strings.Contains(said, want) {
				t.Errorf("with something slower: %v, %q", passed, said)
			}
		})
	}
}
