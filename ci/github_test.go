package ci_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// workflow is what the tests read of a workflow file, and of an action.
type workflow struct {
	Jobs   yaml.MapSlice    `yaml:"jobs"`
	Inputs map[string]input `yaml:"inputs"`
	Runs   struct {
		Steps []step `yaml:"steps"`
	} `yaml:"runs"`
	Outputs map[string]struct {
		Value string `yaml:"value"`
	} `yaml:"outputs"`
}

type input struct {
	Default string `yaml:"default"`
}

type job struct {
	If       string            `yaml:"if"`
	Outputs  map[string]string `yaml:"outputs"`
	Strategy struct {
		Matrix map[string]string `yaml:"matrix"`
	} `yaml:"strategy"`
	Steps []step `yaml:"steps"`
}

type step struct {
	ID   string            `yaml:"id"`
	Name string            `yaml:"name"`
	If   string            `yaml:"if"`
	Uses string            `yaml:"uses"`
	With map[string]any    `yaml:"with"`
	Env  map[string]string `yaml:"env"`
	Run  string            `yaml:"run"`
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// runner runs the steps of workflows as a runner of GitHub does, in a project.
type runner struct {
	*project
	contexts values            // github, vars, secrets
	path     []string          // what steps have added to PATH
	summary  string            // $GITHUB_STEP_SUMMARY
	ran      []string          // names of the steps that ran
	environ  map[string]string // what steps have added to the environment
}

func newRunner(t *testing.T, p *project, github values) *runner {
	github["repository"], github["actor"], github["token"] = "You/Actions", user, password
	github["action_path"], github["action_ref"] = repositoryRoot(t), p.ref
	return &runner{
		project: p, summary: filepath.Join(t.TempDir(), "summary"), environ: map[string]string{},
		contexts: values{
			"github": github, "runner": values{"os": "Linux", "arch": "X64"},
			"vars":    values{"MKIMAGE_REPO": p.repo, "WHISK_APIHOST": p.openwhisk, "MKIMAGE_MAX_GROWTH": p.growth},
			"secrets": values{"WHISK_AUTH": key},
		},
	}
}

// workflow runs all jobs of a workflow file, one after the other, and reports whether all succeeded.
func (r *runner) workflow(t *testing.T, file string) bool {
	t.Helper()
	var flow workflow
	readYAML(t, file, &flow)
	needs, passed := values{}, true
	for _, entry := range flow.Jobs {
		var each job
		text, err := yaml.Marshal(entry.Value)
		if err == nil {
			err = yaml.Unmarshal(text, &each)
		}
		if err != nil {
			t.Fatal(err)
		}
		contexts := maps.Clone(r.contexts)
		contexts["needs"] = needs
		if !contexts.condition(t, each.If, false) {
			continue
		}
		name := entry.Key.(string)
		for _, matrix := range matrices(t, contexts, each) {
			contexts["matrix"] = matrix
			steps := values{}
			contexts["steps"] = steps
			passed = r.steps(t, each.Steps, contexts, steps) && passed
			outputs := values{}
			for key, value := range each.Outputs {
				outputs[key] = contexts.expand(t, value)
			}
			needs[name] = values{"outputs": outputs}
		}
	}
	return passed
}

// matrices returns the jobs of a matrix with one dimension.
func matrices(t *testing.T, contexts values, each job) []values {
	if len(each.Strategy.Matrix) == 0 {
		return []values{nil}
	}
	var all []values
	for key, expression := range each.Strategy.Matrix {
		list, ok := contexts.eval(t, embedded.FindStringSubmatch(expression)[1]).([]string)
		if !ok {
			t.Fatalf("%s is no list", expression)
		}
		for _, value := range list {
			all = append(all, values{key: value})
		}
	}
	return all
}

// steps runs steps and reports whether all of them succeeded.
func (r *runner) steps(t *testing.T, all []step, contexts, outputs values) bool {
	t.Helper()
	failed := false
	for _, each := range all {
		if !contexts.condition(t, each.If, failed) {
			continue
		}
		switch {
		case strings.HasPrefix(each.Uses, "actions/"): // checkout, setup-go, cache: what is there
		case strings.HasPrefix(each.Uses, "sciabarracom/openwhisk-runtime-go@"):
			failed = !r.action(t, each, contexts, outputs) || failed
		case each.Uses != "":
			t.Fatalf("no action %s", each.Uses)
		default:
			failed = !r.script(t, each, contexts, outputs) || failed
		}
	}
	return !failed
}

// action runs the composite action at the top of this repository.
func (r *runner) action(t *testing.T, call step, contexts, outputs values) bool {
	t.Helper()
	var action workflow
	readYAML(t, "../action.yml", &action)
	inputs := values{}
	for name, input := range action.Inputs {
		inputs[name] = contexts.expand(t, input.Default)
	}
	for name, value := range call.With {
		if _, known := inputs[name]; !known {
			t.Fatalf("the action has no input %s", name)
		}
		inputs[name] = contexts.expand(t, asText(value))
	}
	own := maps.Clone(contexts)
	steps := values{}
	own["inputs"], own["steps"], own["secrets"], own["vars"] = inputs, steps, nil, nil
	passed := r.steps(t, action.Runs.Steps, own, steps)
	if call.ID != "" {
		result := values{}
		for name, output := range action.Outputs {
			result[name] = own.expand(t, output.Value)
		}
		outputs[call.ID] = values{"outputs": result}
	}
	return passed
}

// script runs one step, with the environment and the files that GitHub gives it.
func (r *runner) script(t *testing.T, each step, contexts, outputs values) bool {
	t.Helper()
	if strings.Contains(each.Run, "${{") {
		t.Fatalf("the script of %q has an expression, whose value bash would run: take an environment variable", each.Name)
	}
	r.ran = append(r.ran, each.Name)
	dir := t.TempDir()
	github := contexts["github"].(values)
	environment := map[string]string{
		"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": r.dir, "RUNNER_TEMP": r.temp, "GITHUB_STEP_SUMMARY": r.summary,
		"GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_ENV": filepath.Join(dir, "env"), "GITHUB_PATH": filepath.Join(dir, "path"),
		"GITHUB_ACTION_PATH": asText(github["action_path"]), "GITHUB_REPOSITORY": asText(github["repository"]), "GITHUB_SHA": asText(github["sha"]),
		"GITHUB_REF": asText(github["ref"]), "GITHUB_REF_NAME": asText(github["ref_name"]), "GITHUB_EVENT_NAME": asText(github["event_name"]),
	}
	maps.Copy(environment, r.environ)
	for name, value := range each.Env {
		environment[name] = contexts.expand(t, value)
	}
	passed := r.bash(t, each.Run, environment, r.path)
	for _, line := range lines(t, environment["GITHUB_PATH"]) {
		r.path = append(slices.Clone([]string{line}), r.path...)
	}
	result := values{}
	for _, line := range lines(t, environment["GITHUB_OUTPUT"]) {
		name, value, _ := strings.Cut(line, "=")
		result[name] = value
	}
	for _, line := range lines(t, environment["GITHUB_ENV"]) {
		name, value, _ := strings.Cut(line, "=")
		r.environ[name] = value
	}
	if each.ID != "" {
		outputs[each.ID] = values{"outputs": result}
	}
	return passed
}

// lines returns those of a file that may not be there.
func lines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil || len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}
