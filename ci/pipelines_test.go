package ci_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// login is that of the registry.
type login struct{}

func (login) Authorization() (*authn.AuthConfig, error) {
	return &authn.AuthConfig{Username: user, Password: password}, nil
}

// pipeline is one of the ready pipelines.
type pipeline interface {
	check(t *testing.T) bool   // of a change that nobody has merged yet
	publish(t *testing.T) bool // of the main branch
	comment(t *testing.T) string
}

// story is the work of every pipeline: it publishes all images; for a change it reports what happens to their sizes,
// and builds only the images that it touches; then it publishes these, and leaves the actions alone whose image is the
// same.
func story(t *testing.T, p *project, ci pipeline) {
	t.Helper()
	if !ci.publish(t) {
		t.Fatal("the first commit is not published")
	}
	greet, count := p.content(t, "greet", "main"), p.content(t, "count", "main")
	first := []string{"count " + p.repo + "/count:" + count, "greet " + p.repo + "/greet:" + greet}
	if diff := cmp.Diff(first, p.puts(t, 0)); diff != "" {
		t.Error(diff)
	}
	p.content(t, "tools", p.run(t, "git rev-parse HEAD"))
	p.content(t, "tools", p.content(t, "tools", "main"))

	p.run(t, "rm -r dist")
	p.edit(t)
	p.growth = "90%"
	if !ci.check(t) {
		t.Fatal("the change is not good")
	}
	if diff := cmp.Diff([]string{"greet"}, p.built(t)); diff != "" {
		t.Errorf("the change touches other images: %s", diff)
	}
	told := ci.comment(t)
	if !strings.HasPrefix(told, "| image | platform |") || !strings.Contains(told, "| greet | linux/amd64 | ") || !strings.Contains(told, " (+") ||
		!strings.Contains(told, "\ngreet (linux/amd64)  ▇") || !strings.Contains(told, "\n- greet (linux/amd64): layer ") || strings.Contains(told, "count") {
		t.Errorf("the comment is:\n%s", told)
	}

	asked := len(p.stub.Requests())
	p.run(t, "git switch -q main && git merge -q feature && rm -r dist")
	if !ci.publish(t) {
		t.Fatal("the change is not published")
	}
	changed := p.content(t, "greet", "main")
	if changed == greet || p.content(t, "count", "main") != count {
		t.Errorf("greet was %s and is %s, count was %s", greet, changed, count)
	}
	if diff := cmp.Diff([]string{"greet " + p.repo + "/greet:" + changed}, p.puts(t, asked)); diff != "" {
		t.Error(diff)
	}
	if p.content(t, "greet", greet) != greet {
		t.Error("the content tag has moved")
	}

	p.write(t, "images/greet.yaml", strings.Replace(p.read(t, "images/greet.yaml"), "9MB", "100kB", 1))
	p.run(t, "git switch -qc heavy && git commit -qam third && rm -r dist")
	p.growth = "0"
	if ci.check(t) || !strings.Contains(p.said.String(), ", over its budget of 100 kB by ") || !strings.Contains(p.said.String(), "more than 0: layer ") || !strings.HasPrefix(p.read(t, "dist/sizes.md"), "| image |") {
		t.Errorf("an image over its budget, or that has grown, is good, or the comment on it is not written:\n%s", &p.said)
	}
	p.keepsSecrets(t)
}

// shell is ci/pipeline.
type shell struct{ *project }

func (s shell) call(t *testing.T, verb string) bool {
	return s.bash(t, `"$PIPELINE" `+verb, map[string]string{
		"PIPELINE": filepath.Join(repositoryRoot(t), "ci/pipeline"), "BASE": "main", "MAX_GROWTH": s.growth, "TAGS": "main " + s.run(t, "git rev-parse HEAD"),
		"MKIMAGE_REPO": s.repo, "MKIMAGE_REGISTRY_USER": user, "MKIMAGE_REGISTRY_PASSWORD": password, "WHISK_APIHOST": s.openwhisk, "WHISK_AUTH": key,
	}, nil)
}

func (s shell) check(t *testing.T) bool     { return s.call(t, "check") }
func (s shell) publish(t *testing.T) bool   { return s.call(t, "publish") }
func (s shell) comment(t *testing.T) string { return s.read(t, "dist/sizes.md") }

func TestShell(t *testing.T) {
	p := newProject(t)
	story(t, p, shell{p})
	p.run(t, "git switch -q main && touch README && git switch -qc idle && git add -A && git commit -qm fourth")
	if !(shell{p}).check(t) || p.read(t, "dist/sizes.md") != "No image is touched.\n" {
		t.Errorf("a change of no image: %s", p.read(t, "dist/sizes.md"))
	}
	if p.bash(t, repositoryRoot(t)+"/ci/pipeline", nil, nil) {
		t.Error("a call without a verb is good")
	}
}

// github is ci/github/images.yml with action.yml.
type github struct {
	*project
	t    *testing.T
	last *runner
}

func (g *github) event(t *testing.T, name string, event values) bool {
	head := g.run(t, "git rev-parse HEAD")
	ref := values{"pull_request": "7/merge", "push": "main"}[name]
	g.last = newRunner(t, g.project, values{"event_name": name, "event": event, "sha": head, "ref": "refs/heads/" + asText(ref), "ref_name": ref})
	return g.last.workflow(t, "github/images.yml")
}

func (g *github) check(t *testing.T) bool {
	return g.event(t, "pull_request", values{"pull_request": values{
		"number": "7", "base": values{"sha": g.run(t, "git rev-parse main")}, "head": values{"repo": values{"full_name": "You/Actions"}},
	}})
}

func (g *github) publish(t *testing.T) bool {
	return g.event(t, "push", values{"before": strings.Repeat("0", 40)})
}

// comment returns what was told to "gh pr comment", and checks that the summary of the job is the same.
func (g *github) comment(t *testing.T) string {
	told := g.read(t, "dist/gh")
	if summary := strings.Join(lines(t, g.last.summary), "\n") + "\n"; summary != strings.TrimPrefix(told, "pr comment 7\n") {
		t.Errorf("the summary is\n%s\nand the comment\n%s", summary, told)
	}
	return strings.TrimPrefix(told, "pr comment 7\n")
}

func TestGitHub(t *testing.T) {
	p := newProject(t)
	tool := t.TempDir()
	gh := "#!/bin/bash\n[ \"$GH_TOKEN\" = " + password + " ] || exit 1\n{ echo \"$1 $2 $3\"; shift 3; [ \"$*\" = '--edit-last --create-if-none --body-file dist/sizes.md' ] && cat dist/sizes.md; } >dist/gh\n"
	testkit.WriteProgram(t, filepath.Join(tool, "gh"), gh)
	p.own["PATH"] = tool + ":" + p.own["PATH"]
	released(t, p)
	pipeline := &github{project: p, t: t}
	story(t, p, pipeline)
	if slices.Contains(pipeline.last.ran, "compile mkimage") {
		t.Errorf("mkimage was compiled in spite of its release: %q", pipeline.last.ran)
	}
}

// gitlab is ci/gitlab/.gitlab-ci.yml.
type gitlab struct {
	*project
	api   string
	notes *notes
}

// notes are what a merge request was told.
type notes struct {
	mutex sync.Mutex
	all   []string
}

func (n *notes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if r.Method != http.MethodPost || r.URL.Path != "/api/v4/projects/3/merge_requests/7/notes" || r.Header.Get("PRIVATE-TOKEN") != password {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	n.all = append(n.all, r.FormValue("body"))
}

func (g gitlab) job(t *testing.T, name string) bool {
	t.Helper()
	type job struct {
		Variables    map[string]string `yaml:"variables"`
		BeforeScript []string          `yaml:"before_script"`
		Script       []string          `yaml:"script"`
		AfterScript  []string          `yaml:"after_script"`
	}
	var file struct {
		Default   job               `yaml:"default"`
		Variables map[string]string `yaml:"variables"`
		Check     job               `yaml:"images:check"`
		Publish   job               `yaml:"images:publish"`
	}
	readYAML(t, "gitlab/.gitlab-ci.yml", &file)
	each := map[string]job{"images:check": file.Check, "images:publish": file.Publish}[name]
	given := map[string]string{
		"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": g.dir, "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7", "CI_API_V4_URL": g.api,
		"CI_COMMIT_SHA": g.run(t, "git rev-parse HEAD"), "CI_COMMIT_REF_SLUG": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": g.run(t, "git merge-base main HEAD"),
		"CI_REGISTRY_IMAGE": g.repo, "CI_REGISTRY_USER": user, "CI_REGISTRY_PASSWORD": password,
		"WHISK_APIHOST": g.openwhisk, "WHISK_AUTH": key, "GITLAB_TOKEN": password, "MKIMAGE_VERSION": g.ref, "MAX_GROWTH": g.growth,
	}
	environment := map[string]string{}
	for _, variables := range []map[string]string{file.Variables, each.Variables, given} {
		for name, value := range variables {
			environment[name] = os.Expand(value, func(other string) string { return given[other] })
		}
	}
	for _, cache := range []string{"GOCACHE", "GOMODCACHE", "MKIMAGE_CACHE_DIR"} { // those of the test, which are full
		environment[cache] = g.own[cache]
	}
	passed := g.bash(t, strings.Join(append(file.Default.BeforeScript, each.Script...), "\n"), environment, nil)
	g.bash(t, strings.Join(each.AfterScript, "\n"), environment, nil)
	return passed
}

func (g gitlab) check(t *testing.T) bool   { return g.job(t, "images:check") }
func (g gitlab) publish(t *testing.T) bool { return g.job(t, "images:publish") }
func (g gitlab) comment(t *testing.T) string {
	g.notes.mutex.Lock()
	defer g.notes.mutex.Unlock()
	if len(g.notes.all) != 1 {
		t.Fatalf("notes: %q", g.notes.all)
	}
	return g.notes.all[0]
}

func TestGitLab(t *testing.T) {
	p := newProject(t)
	told := &notes{}
	server := httptest.NewServer(told)
	t.Cleanup(server.Close)
	p.own["PATH"] = os.Getenv("PATH") // without mkimage
	released(t, p)
	story(t, p, gitlab{p, server.URL + "/api/v4", told})
	if _, err := os.Stat(filepath.Join(p.dir, ".cache", "mkimage-"+p.ref, "mkimage")); err != nil {
		t.Error(err)
	}
}

// TestOneWay: the pipelines call the same lines of mkimage.
func TestOneWay(t *testing.T) {
	var gitlab map[string]any
	readYAML(t, "gitlab/.gitlab-ci.yml", &gitlab)
	var action workflow
	readYAML(t, "../action.yml", &action)
	texts := map[string]string{}
	for name, value := range map[string]any{"gitlab": gitlab, "action.yml": action.Runs.Steps} {
		text, err := yaml.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	text, err := os.ReadFile("pipeline")
	if err != nil {
		t.Fatal(err)
	}
	texts["pipeline"] = string(text)
	for name, text := range texts {
		text = strings.NewReplacer("mkimage list --since", "mkimage build --since", "mkimage sizes $IMAGES", "mkimage sizes").Replace(text)
		for _, line := range []string{
			"mkimage build --since \"$BASE\"",
			"mkimage sizes --check --against \"$BASE\" --max-growth \"$MAX_GROWTH\" --size-record dist/sizes.json --format markdown >dist/sizes.md",
			"--push ",
			"for image in $(mkimage list --with-action --format names); do",
			"mkimage wsk \"$image\" --update",
		} {
			if !strings.Contains(text, line) {
				t.Errorf("%s does not call %s", name, line)
			}
		}
	}
}
