package starter

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
)

func project(t *testing.T, language, ci string) []File {
	t.Helper()
	files, err := Files(Options{Language: language, CI: ci, Library: source.Files(), Pipelines: source.Pipelines()})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestProjects holds that every project has a definition that can be read, whose action is there.
func TestProjects(t *testing.T) {
	for _, language := range Languages() {
		t.Run(language, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "new", "folder")
			if _, err := Write(dir, project(t, language, "")); err != nil {
				t.Fatal(err)
			}
			definitions, err := images.Load(images.Dir(filepath.Join(dir, "images")), nil)
			if err != nil || len(definitions) != 1 {
				t.Fatal(definitions, err)
			}
			if _, err := action.Open(filepath.Join(dir, "images", definitions[0].Action), action.Options{}); err != nil {
				t.Error(err)
			}
			readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
			if err != nil || strings.Contains(string(readme), "%") {
				t.Errorf("%v, %s", err, readme)
			}
		})
	}
}

// TestGoIsCompiledWithoutNetwork holds that a project in Go needs no module of others, for mkimage and for the go
// command.
func TestGoIsCompiledWithoutNetwork(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(dir, project(t, "go", "")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "")
	for _, args := range [][]string{{"mod", "tidy"}, {"vet", "./..."}} {
		command := exec.Command("go", args...)
		command.Dir = dir
		if said, err := command.CombinedOutput(); err != nil {
			t.Errorf("go %v: %v: %s", args, err, said)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if want := string(project(t, "go", "")[5].Text); err != nil || want != string(text) {
		t.Errorf("go mod tidy has changed go.mod: %v, %s", err, cmp.Diff(want, string(text)))
	}
	own := gobuild.Package{Dir: filepath.Join(dir, "actions/greet"), Toolchain: toolchain(t)}
	if program, err := own.Build(t.Context(), images.LinuxAMD64); err != nil || len(program) == 0 {
		t.Error(err)
	}
}

func toolchain(t *testing.T) string {
	module, err := gobuild.Open(source.Files(), gobuild.Package{}.Store)
	if err != nil {
		t.Fatal(err)
	}
	return module.Toolchain()
}

func TestPipelines(t *testing.T) {
	for ci, want := range map[string]string{"github": ".github/workflows/images.yml", "gitlab": ".gitlab-ci.yml", "": ""} {
		found := ""
		for _, file := range project(t, "bash", ci) {
			if strings.HasSuffix(file.Path, ".yml") {
				found = file.Path
			}
		}
		if found != want {
			t.Errorf("%q: got %q, want %q", ci, found, want)
		}
	}
}

// TestWriteReplacesNothing holds that files which are there stay, and that a failure leaves nothing.
func TestWriteReplacesNothing(t *testing.T) {
	files := []File{{Path: "a/one", Text: []byte("new")}, {Path: "README.md", Text: []byte("new"), Common: true}, {Path: "b/two", Text: []byte("new")}}
	for name, test := range map[string]struct {
		there, kept, want string
	}{
		"empty":              {"", "", ""},
		"others":             {"c", "", ""},
		"a common file":      {"README.md", "README.md", ""},
		"one of the project": {"b/two", "", "b/two is there already"},
		"a file as a folder": {"b", "", "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if test.there != "" {
				if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, test.there)), 0o777), os.WriteFile(filepath.Join(dir, test.there), []byte("mine"), 0o666)); err != nil {
					t.Fatal(err)
				}
			}
			before := paths(t, dir)
			kept, err := Write(dir, files)
			if strings.Join(kept, " ") != test.kept {
				t.Errorf("kept %v", kept)
			}
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if diff := cmp.Diff(before, paths(t, dir)); err != nil && diff != "" {
				t.Error(diff)
			}
			if test.there != "" {
				if text, err := os.ReadFile(filepath.Join(dir, test.there)); string(text) != "mine" {
					t.Errorf("%s is now %q, %v", test.there, text, err)
				}
			}
		})
	}
}

func paths(t *testing.T, dir string) (all []string) {
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, _ fs.DirEntry, err error) error {
		all = append(all, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
