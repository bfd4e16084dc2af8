package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFirstSteps goes from an empty folder to an answered function, with two commands in each language, and leaves nothing.
func TestFirstSteps(t *testing.T) {
	t.Parallel()
	needEngine(t)
	for language, want := range map[string]string{
		"bash":   `{"greetings":"Hello, Mike"}`,
		"ruby":   `{"greetings":"Hello, Mike"}`,
		"python": `{"greetings":"Hello, Mike"}`,
		"go":     `{"greetings":"Hello, Mike"}`,
		"any":    `{"greetings":"Hello","value":{"name":"Mike"}}`,
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			if language != "go" {
				needPackagesForAMD64(t)
			}
			dir := t.TempDir()
			output(t, dir, built.mkimage, "init", "functions", "--lang", language)
			r, err := starting(t, filepath.Join(dir, "functions"), nil, "dev")
			if err != nil {
				t.Fatal(err, &r.stderr)
			}
			if got := r.url; got != want {
				t.Errorf("it answered %s", got)
			}
			r.interrupt(t, os.Interrupt)
		})
	}
}

// TestFirstPush goes from an empty folder to a pushed action in Go, and to the lines that select it, with three commands.
func TestFirstPush(t *testing.T) {
	t.Parallel()
	repo := needRegistry(t) + "/first-push"
	dir := t.TempDir()
	output(t, dir, built.mkimage, "init", "--lang", "go")
	digest := output(t, dir, built.mkimage, "build", "--push", "--repo", repo, "--platform", hostPlatform.String())
	if !strings.HasPrefix(digest, repo+"/greet@sha256:") {
		t.Errorf("pushed %s", digest)
	}
	if lines := output(t, dir, built.mkimage, "wsk", "greet", "--repo", repo); !strings.Contains(lines, "wsk action create greet --docker "+repo+"/greet:content-") {
		t.Errorf("wsk is called so: %s", lines)
	}
}
