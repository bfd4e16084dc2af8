package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// TestGoActions builds and runs the action of the page, reads its definition and follows its links.
func TestGoActions(t *testing.T) {
	p := readPage(t, "go-actions.md")
	if _, err := images.Parse("hello.yaml", []byte(p.file(t, "hello.yaml")), nil); err != nil {
		t.Error(err)
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(p.text, -1) {
		if _, err := os.Stat(link[1]); err != nil {
			t.Errorf("the page links to %s: %v", link[1], err)
		}
	}

	dir := t.TempDir()
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/sciabarracom/openwhisk-runtime-go"
	ours, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	// A module needs at least the version of Go that those it requires need.
	version := regexp.MustCompile(`(?m)^go .*$`).FindString(string(ours))
	for name, content := range map[string]string{
		"main.go": p.file(t, "main.go"),
		"go.mod":  "module example.com/hello\n\n" + version + "\n\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + repository + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), "go", "build", "-o", "hello", ".")
	command.Dir = dir
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	s := startProxy(t, filepath.Join(dir, "hello"))
	for _, step := range [][3]string{
		{"/init", `{"value":{}}`, "200 OK"},
		{"/run", `{"value":{"name":"Mike"}}`, `200 {"greetings":"Hello, Mike"}`},
		{"/run", `{"value":{}}`, `200 {"error":"no name specified"}`},
	} {
		if got := s.post(t, step[0], step[1]); got.String() != step[2] {
			t.Errorf("POST %s of %s answered %s, want %s", step[0], step[1], got, step[2])
		}
	}
}
