package ci_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGitLabRelease runs the job that publishes a release in GitLab, with the files of a small one.
func TestGitLabRelease(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip(err)
	}
	var mutex sync.Mutex
	var put []string
	var told map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		text, err := io.ReadAll(r.Body)
		switch {
		case err != nil || r.Header.Get("JOB-TOKEN") != password:
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method == http.MethodPut:
			put = append(put, r.URL.Path+" "+string(text))
			w.WriteHeader(http.StatusCreated)
		case r.Method == http.MethodPost && r.URL.Path == "/api/v4/projects/3/releases":
			if err := json.Unmarshal(text, &told); err != nil {
				w.WriteHeader(http.StatusBadRequest)
			}
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "ci"), 0o755); err != nil {
		t.Fatal(err)
	}
	const notes = "### Added\n\n- a \"first\" one, with a back\\slash and a\ttab\n"
	script := "#!/bin/sh\nmkdir -p \"$2\" && cd \"$2\" && printf archive >mkimage_1.0.0_linux_amd64.tar.gz && printf sums >checksums.txt && cp ../../notes notes.md\n"
	for name, text := range map[string]string{"ci/release": script, "notes": notes} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var file struct {
		Release struct {
			Variables map[string]string `yaml:"variables"`
			Script    []string          `yaml:"script"`
		} `yaml:"release"`
	}
	readYAML(t, "gitlab/release.yml", &file)
	given := map[string]string{"CI_API_V4_URL": server.URL + "/api/v4", "CI_PROJECT_ID": "3", "CI_COMMIT_TAG": "v1.0.0", "CI_JOB_TOKEN": password}
	command := exec.CommandContext(t.Context(), "bash", "-eo", "pipefail", "-c", strings.Join(file.Release.Script, "\n"))
	command.Dir, command.Env = dir, os.Environ()
	for name, value := range file.Release.Variables {
		command.Env = append(command.Env, name+"="+os.Expand(value, func(other string) string { return given[other] }))
	}
	for name, value := range given {
		command.Env = append(command.Env, name+"="+value)
	}
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	slices.Sort(put)
	packages := "/api/v4/projects/3/packages/generic/mkimage/v1.0.0/"
	if diff := cmp.Diff([]string{packages + "checksums.txt sums", packages + "mkimage_1.0.0_linux_amd64.tar.gz archive"}, put); diff != "" {
		t.Error(diff)
	}
	links := told["assets"].(map[string]any)["links"].([]any)
	if told["description"] != notes || told["tag_name"] != "v1.0.0" || len(links) != 2 {
		t.Errorf("the release is %v", told)
	}
}
