package ci_test

import (
	"os"
	"strings"
	"testing"
)

// TestStarter publishes a project as mkimage init writes it, and tells of its first change. It has the pipelines that the other
// tests here run.
func TestStarter(t *testing.T) {
	p := emptyProject(t)
	p.run(t, "git init -q -b main && mkimage init --lang go --ci github && git init -q other && mkimage init other --lang any --ci gitlab")
	for mine, theirs := range map[string]string{".github/workflows/images.yml": "github/images.yml", "other/.gitlab-ci.yml": "gitlab/.gitlab-ci.yml"} {
		want, err := os.ReadFile(theirs)
		if got := p.read(t, mine); err != nil || got != string(want) {
			t.Errorf("%s is not %s: %v", mine, theirs, err)
		}
	}
	p.run(t, "rm -r other && git add -A && git commit -qm first")
	ci := shell{p}
	if !ci.publish(t) {
		t.Fatal("the first commit is not published")
	}
	if puts := p.puts(t, 0); len(puts) != 1 || puts[0] != "greet "+p.repo+"/greet:"+p.content(t, "greet", "main") {
		t.Errorf("OpenWhisk has %q", puts)
	}
	p.run(t, "git switch -qc feature && sed -i s/Hello/Welcome/ actions/greet/main.go && git commit -qam second && rm -r dist")
	if !ci.check(t) {
		t.Fatal("the change is not good")
	}
	if told := ci.comment(t); !strings.Contains(told, "| greet | linux/amd64 | ") {
		t.Errorf("the comment is:\n%s", told)
	}
}
