// Package ci_test runs the pipelines of this folder: it takes the steps out of their files and runs them as the CI
// systems do, in a git repository of its own, against a registry and a stub of OpenWhisk on this machine.
package ci_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk/wsktest"
)

// The logins that the pipelines are given.
const (
	user     = "builder"
	password = "word-that-no-output-may-have"
	key      = wsktest.Key
)

// mkimage is the compiled command.
var mkimage string

func TestMain(m *testing.M) {
	testkit.Main(m, testkit.Program{File: &mkimage, Source: "../cmd/mkimage"})
}

// project is a git repository with two images that bring an action and one that brings none, and what its pipeline
// talks to. It is a user's: nothing in it comes from this repository.
type project struct {
	dir, temp string
	repo      string // where images are pushed to
	ref       string // of the GitHub Action: the release that it takes, or "", and it compiles
	openwhisk string // the URL of the stub
	stub      *wsktest.Stub
	growth    string          // how much an image may grow
	said      strings.Builder // everything that steps wrote
	uploads   *uploads
	own       map[string]string
}

// uploads counts the blobs that the registry got, by digest.
type uploads struct {
	mutex sync.Mutex
	count map[string]int
}

func (u *uploads) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if digest := r.URL.Query().Get("digest"); r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/blobs/uploads/") {
			u.mutex.Lock()
			u.count[digest]++
			u.mutex.Unlock()
		}
		next.ServeHTTP(w, r)
	})
}

// newProject returns a project whose images bring Go actions.
func newProject(t *testing.T) *project {
	t.Helper()
	p := emptyProject(t)
	greeter := "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(`{\"openwhisk\":1}`) }\n"
	for name, content := range map[string]string{
		".gitignore":            "dist/\n.cache/\n",
		"go.mod":                "module example.com/actions\n\ngo 1.26.0\n",
		"actions/greet/main.go": greeter,
		"actions/count/main.go": greeter,
		"images/greet.yaml":     "name: greet\nbase: scratch\naction: ../actions/greet\nplatforms: [linux/amd64]\nbudget: 9MB\n",
		"images/count.yaml":     "name: count\nbase: scratch\naction: ../actions/count\nplatforms: [linux/amd64]\n",
		"images/tools.yaml":     "name: tools\nbase: scratch\nplatforms: [linux/amd64]\n",
	} {
		p.write(t, name, content)
	}
	p.run(t, "git init -q -b main && mkimage build && mkimage sizes --update && rm -r dist && git add -A && git commit -qm first")
	return p
}

// emptyProject returns a project without files.
func emptyProject(t *testing.T) *project {
	t.Helper()
	for _, program := range []string{"bash", "git", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	if runtime.GOOS != "linux" {
		t.Skip("the pipelines run on Linux")
	}
	p := &project{dir: t.TempDir(), temp: t.TempDir(), stub: wsktest.New(), uploads: &uploads{count: map[string]int{}}}
	images := httptest.NewServer(p.uploads.counted(withLogin(registry.New(registry.Logger(log.New(io.Discard, "", 0))))))
	t.Cleanup(images.Close)
	openwhisk := httptest.NewServer(p.stub)
	t.Cleanup(openwhisk.Close)
	p.repo, p.openwhisk = strings.TrimPrefix(images.URL, "http://")+"/you", openwhisk.URL
	p.own = environment(t)
	return p
}

// environment is what a step finds beside what the CI system sets: this machine's Go, and mkimage.
func environment(t *testing.T) map[string]string {
	t.Helper()
	text, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GONOSUMDB").Output()
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]string{}
	if err := json.Unmarshal(text, &own); err != nil {
		t.Fatal(err)
	}
	maps.Copy(own, map[string]string{
		"HOME": t.TempDir(), "PATH": filepath.Dir(mkimage) + ":" + os.Getenv("PATH"), "MKIMAGE_CACHE_DIR": filepath.Join(filepath.Dir(mkimage), "cache"), "MKIMAGE_PROGRESS": "plain",
		"HTTPS_PROXY":       "http://127.0.0.1:1", // nothing leaves this machine
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_SYSTEM": os.DevNull,
		"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
	})
	return own
}

// withLogin is a registry that everybody has to log in to.
func withLogin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, word, _ := r.BasicAuth(); name != user || word != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"errors":[{"code":"UNAUTHORIZED"}]}`)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bash runs a script as CI systems do and reports whether it succeeded. Folders in path come before those of PATH.
func (p *project) bash(t *testing.T, script string, environment map[string]string, path []string) bool {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script.sh")
	if err := os.WriteFile(file, []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	all := maps.Clone(p.own)
	maps.Copy(all, environment)
	all["PATH"] = strings.Join(append(slices.Clone(path), all["PATH"]), ":")
	command := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", file)
	command.Dir = p.dir
	for name, value := range all {
		command.Env = append(command.Env, name+"="+value)
	}
	text, err := command.CombinedOutput()
	p.said.Write(text)
	if err != nil {
		t.Logf("a step failed (%v):\n%s", err, text)
	}
	return err == nil
}

// run runs a script of the test itself.
func (p *project) run(t *testing.T, script string) string {
	t.Helper()
	before := p.said.Len()
	if !p.bash(t, script, nil, nil) {
		t.Fatalf("%s failed", script)
	}
	return strings.TrimSpace(p.said.String()[before:])
}

func (p *project) write(t *testing.T, name, content string) {
	t.Helper()
	file := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// edit changes one of the actions, so that its image has another size.
func (p *project) edit(t *testing.T) {
	t.Helper()
	p.write(t, "actions/greet/main.go", "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(`{\"openwhisk\":1}`, \"edited\", fmt.Sprintf(\"%x\", []byte(\"more\"))) }\n")
	p.run(t, "git switch -qc feature && git commit -qam second")
}

// content returns the content tag of what the registry has for a tag of an image.
func (p *project) content(t *testing.T, image, tag string) string {
	t.Helper()
	reference, err := name.ParseReference(p.repo + "/" + image + ":" + tag)
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.Head(reference, remote.WithAuth(login{}))
	if err != nil {
		t.Fatalf("%s is not in the registry: %v", reference, err)
	}
	return "content-" + found.Digest.Hex[:12]
}

// puts returns what OpenWhisk was told to run since the last call: ACTION IMAGE.
func (p *project) puts(t *testing.T, from int) []string {
	t.Helper()
	var all []string
	for _, request := range p.stub.Requests()[from:] {
		if request.Method != http.MethodPut {
			continue
		}
		var action struct {
			Name string
			Exec struct{ Image string }
		}
		if err := json.Unmarshal([]byte(request.Body), &action); err != nil {
			t.Fatal(err)
		}
		all = append(all, action.Name+" "+action.Exec.Image)
	}
	slices.Sort(all)
	return all
}

// built returns the images that were built since dist was removed.
func (p *project) built(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(p.dir, "dist", "*", "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range found {
		names = append(names, filepath.Base(filepath.Dir(file)))
	}
	return names
}

// keepsSecrets checks that no step told a login.
func (p *project) keepsSecrets(t *testing.T) {
	t.Helper()
	_, secret, _ := strings.Cut(key, ":")
	for _, word := range []string{password, secret} {
		if strings.Contains(p.said.String(), word) {
			t.Errorf("a step told %q:\n%s", word, p.said.String())
		}
	}
}

func (p *project) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func repositoryRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}
