package ci_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMonorepo holds that a push builds and pushes only the images that it touches, each in a job of its own, and that
// a push that touches none runs no job.
func TestMonorepo(t *testing.T) {
	p := newProject(t)
	push := func(before string) *runner {
		t.Helper()
		p.run(t, "rm -rf dist")
		r := newRunner(t, p, values{"event_name": "push", "event": values{"before": before}, "sha": p.run(t, "git rev-parse HEAD"), "ref": "refs/heads/main", "ref_name": "main"})
		if !r.workflow(t, "github/monorepo.yml") {
			t.Fatal("the push fails")
		}
		return r
	}
	first := p.run(t, "git rev-parse HEAD")
	push(strings.Repeat("0", 40))
	if diff := cmp.Diff([]string{"count", "greet", "tools"}, p.built(t)); diff != "" {
		t.Error(diff)
	}
	tools, asked := p.content(t, "tools", "main"), len(p.stub.Requests())

	p.edit(t)
	p.run(t, "git switch -q main && git merge -q feature")
	push(first)
	if diff := cmp.Diff([]string{"greet"}, p.built(t)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"greet " + p.repo + "/greet:" + p.content(t, "greet", "main")}, p.puts(t, asked)); diff != "" {
		t.Error(diff)
	}
	if p.content(t, "tools", "main") != tools {
		t.Error("tools has changed")
	}

	second := p.run(t, "git rev-parse HEAD")
	p.run(t, "touch README && git add README && git commit -qm third")
	if idle := push(second); slices.Contains(idle.ran, "build") {
		t.Errorf("a push that touches no image ran %q", idle.ran)
	}
	p.keepsSecrets(t)
}

// TestMatrix is ci/matrix, with a file that all images share.
func TestMatrix(t *testing.T) {
	p := newProject(t)
	p.edit(t)
	matrix := filepath.Join(repositoryRoot(t), "ci/matrix") + " "
	for call, want := range map[string]string{
		matrix + "main":         `["greet"]`,
		"BASE=main " + matrix:   `["greet"]`,
		matrix + "--names main": "greet",
		matrix + "HEAD":         "[]",
		"touch ci.yml; SHARED='other ci.yml' " + matrix + "main 2": `["count","greet tools"]`,
	} {
		if got := p.run(t, call); got != want {
			t.Errorf("%s: got %s, want %s", call, got, want)
		}
		p.run(t, "rm -f ci.yml")
	}
}
