package docs_test

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk/wsktest"
)

// TestCI types the shell blocks of the page one after the other, from an empty folder, against a registry and a stub of
// OpenWhisk on this machine, and follows its links.
func TestCI(t *testing.T) {
	for _, program := range []string{"bash", "git", "sed"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	p := readPage(t, "ci.md")
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(p.text, -1) {
		if _, err := os.Stat(link[1]); err != nil {
			t.Errorf("the page links to %s: %v", link[1], err)
		}
	}
	images := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer images.Close()
	stub := wsktest.New()
	openwhisk := httptest.NewServer(stub)
	defer openwhisk.Close()
	repo := strings.TrimPrefix(images.URL, "http://") + "/you"

	var script strings.Builder
	for _, block := range p.blocks {
		if block.lang == "sh" {
			script.WriteString(block.text)
		}
	}
	typed := strings.NewReplacer("registry.example.org/you", repo, "https://openwhisk.example.org", openwhisk.URL, "ID:KEY", wsktest.Key).Replace(script.String())
	command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", typed)
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(), "PATH="+filepath.Dir(built.mkimage)+":"+os.Getenv("PATH"), "MKIMAGE_PROGRESS=none", "MKIMAGE_REPO=", "WSK_CONFIG_FILE="+os.DevNull,
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
	text, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, want := range []string{
		`# ` + repo + `/greet@sha256:[0-9a-f]{64}`,
		`wsk action create greet --docker ` + repo + `/greet:content-[0-9a-f]{12}`,
		`wsk action update greet --docker ` + repo + `/greet:content-[0-9a-f]{12}`,
		`updated greet to version 0\.0\.1: `,
		`\{"greetings":"Hello"\}`, // the stub's
		`greet`,
		`\| greet \| linux/arm64 \| .*\| [+-]\d.* \|`, // a change, in the direction that compression takes
		`updated greet to version 0\.0\.2: `,
		`\["greet"\]`,
		`updated upload to version 0\.0\.1: ` + repo + `/go:content-[0-9a-f]{12}`,
	} {
		if !regexp.MustCompile(`(?m)^` + want).Match(text) {
			t.Errorf("the page did not print %q:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), wsktest.Key) || strings.Contains(string(text), "latest\n") {
		t.Errorf("the page told the key, or an image by the tag latest:\n%s", text)
	}
}
