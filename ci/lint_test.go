package ci_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/rhysd/actionlint"
)

// TestWorkflowsAreValid has actionlint read the workflows and, where a workflow uses it from this repository,
// action.yml.
func TestWorkflowsAreValid(t *testing.T) {
	root := t.TempDir()
	copyFile(t, "../action.yml", filepath.Join(root, "action.yml"))
	local := "on: push\njobs:\n  all:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - uses: ./\n        with:\n          publish: true\n"
	workflows := filepath.Join(root, ".github", "workflows")
	if err := os.MkdirAll(workflows, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(workflows, "local.yml"), []byte(local), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"images.yml", "monorepo.yml", "nightly.yml"} {
		copyFile(t, filepath.Join("github", name), filepath.Join(workflows, name))
	}
	copyFile(t, "../.github/workflows/release.yml", filepath.Join(workflows, "release.yml"))
	if err := os.Mkdir(filepath.Join(root, ".git"), 0o777); err != nil { // what makes it a project for actionlint
		t.Fatal(err)
	}
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{WorkingDir: root})
	if err != nil {
		t.Fatal(err)
	}
	mistakes, err := linter.LintRepository(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, mistake := range mistakes {
		t.Error(mistake)
	}
	wrong := strings.Replace(local, "publish:", "publsh:", 1)
	if mistakes, err = linter.Lint(filepath.Join(workflows, "local.yml"), []byte(wrong), nil); err != nil || len(mistakes) != 1 {
		t.Errorf("a mistake in an input is not found: %v, %v", mistakes, err)
	}
}

// TestGitLabFileIsValid checks what GitLab would refuse: a job in no stage, without a script or without rules.
func TestGitLabFileIsValid(t *testing.T) {
	var file yaml.MapSlice
	readYAML(t, "gitlab/.gitlab-ci.yml", &file)
	stages := map[any]bool{}
	for _, entry := range file {
		if entry.Key == "stages" {
			for _, stage := range entry.Value.([]any) {
				stages[stage] = true
			}
		}
	}
	for _, entry := range file {
		switch entry.Key {
		case "stages", "default", "variables":
			continue
		}
		job, ok := entry.Value.(map[string]any)
		if !ok || !stages[job["stage"]] || job["script"] == nil || job["rules"] == nil {
			t.Errorf("job %v: %v", entry.Key, entry.Value)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}
