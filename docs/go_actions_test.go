package docs_test

import (
	"fmt"
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

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// TestGoActionsSizes holds that the page has the sizes of the checked-in record.
func TestGoActionsSizes(t *testing.T) {
	p := readPage(t, "go-actions.md")
	record, err := sizes.Read("../images/sizes.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range record.Images {
		text := map[string]string{"hello": "certificates and nothing else: %s |", "go": "the same for all actions: %s |"}[image.Name]
		if want := fmt.Sprintf(text, human.Bytes(image.DockerSize)); text != "" && image.Platform == "linux/amd64" && !strings.Contains(p.text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// upload types the commands of the section about uploads in the folder of the page's action, as they stand, but for the
// repository, and for Docker, in whose place the proxy runs here.
func upload(t *testing.T, p page, dir string) {
	_, section, _ := strings.Cut(p.text, "\n## Or upload it\n")
	section, _, _ = strings.Cut(section, "\n## ")
	images := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer images.Close()
	proxy := startServer(t, built.proxy)
	here := strings.NewReplacer("docker.io/you", strings.TrimPrefix(images.URL, "http://")+"/you", "invoke 8081", "invoke "+"http://"+proxy.Address)
	var said string
	for _, line := range regexp.MustCompile(`(?m)^\$ (mkimage .*)$`).FindAllStringSubmatch(section, -1) {
		if strings.HasPrefix(line[1], "mkimage run go") {
			if _, err := os.Stat(filepath.Join(dir, "dist", "go", "index.json")); err != nil {
				t.Errorf("mkimage run go finds no image: %v", err)
			}
			continue
		}
		command := exec.CommandContext(t.Context(), "sh", "-c", here.Replace(line[1]))
		command.Dir = dir
		command.Env = append(os.Environ(), "PATH="+filepath.Dir(built.mkimage)+":"+os.Getenv("PATH"), "MKIMAGE_PROGRESS=none")
		text, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line[1], err, text)
		}
		said += string(text)
	}
	for _, want := range []string{`wsk action create hello hello\.zip --docker \S+/you/go:content-[0-9a-f]{12}`, `\{"greetings":"Hello, Mike"\}`} {
		if !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("the commands do not print %s, but\n%s", want, said)
		}
	}
}

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
	upload(t, p, dir)
	s := startServer(t, filepath.Join(dir, "hello"))
	for _, step := range [][3]string{
		{"/init", `{"value":{}}`, "200 OK"},
		{"/run", `{"value":{"name":"Mike"}}`, `200 {"greetings":"Hello, Mike"}`},
		{"/run", `{"value":{}}`, `200 {"error":"no name specified"}`},
	} {
		if got := s.Post(step[0], step[1]); got.Text() != step[2] {
			t.Errorf("POST %s of %s answered %s, want %s", step[0], step[1], got, step[2])
		}
	}
}
