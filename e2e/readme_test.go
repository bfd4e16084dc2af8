package e2e

import (
	"crypto/rand"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

var update = flag.Bool("update", false, "rewrite the README's size table")

const readme = "../README.md"

var sizeTable = regexp.MustCompile(`(?s)(<!-- sizes: [^\n]*-->\n)(.*)(<!-- /sizes -->)`)

const sizesPicture = "../docs/sizes.svg"

// TestReadmeSizes holds the README's size table and picture against the size record.
func TestReadmeSizes(t *testing.T) {
	text := string(read(t, readme))
	found := sizeTable.FindStringSubmatch(text)
	if found == nil {
		t.Fatal("README.md has no size table between its two comments")
	}
	picture := output(t, "..", built.mkimage, "sizes", "--format", "svg", "--size-record", "images/sizes.json") + "\n"
	if *update {
		if err := os.WriteFile(sizesPicture, []byte(picture), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if string(read(t, sizesPicture)) != picture {
		t.Errorf("%s is not the picture of the size record (-update writes it)", sizesPicture)
	}
	want := output(t, "..", built.mkimage, "sizes", "--format", "markdown", "--size-record", "images/sizes.json") + "\n"
	if found[2] == want {
		return
	}
	if !*update {
		t.Fatalf("README.md has\n%s\nthe size record says\n%s\n(-update writes it)", found[2], want)
	}
	text = strings.Replace(text, found[0], found[1]+want+found[3], 1)
	if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// TestReadmeTour types the shell blocks of the README's tour, in their order,
// in a copy of the checkout. Only the port and the names on the engine differ.
func TestReadmeTour(t *testing.T) {
	t.Parallel()
	needEngine(t)
	registry := needRegistry(t)
	for _, name := range []string{"bash", "curl", "base64"} {
		needProgram(t, name)
	}
	var script strings.Builder
	for _, block := range shellBlock.FindAllStringSubmatch(string(read(t, readme)), -1) {
		script.WriteString(block[1])
	}
	image, container, port := imageName(t), "mkimage-e2e-"+strings.ToLower(rand.Text()), testkit.Port(t)
	t.Cleanup(func() { exec.Command("docker", "rm", "-f", container).Run() })
	typed := strings.NewReplacer("mkimage/tour", image, "mkimage-tour", container,
		"127.0.0.1:8080:", "127.0.0.1:"+port+":", "localhost:8080", "localhost:"+port).Replace(script.String())

	cmd := exec.Command("bash", "-eu", "-c", typed)
	cmd.Dir = copyCheckout(t)
	cmd.Env = append(os.Environ(), "REPO="+registry+"/e2e/"+strings.ToLower(rand.Text()))
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, want := range []string{"OK", `{"greetings":"Hello, Mike"}`, "greeting Mike\n", testkit.Sentinel, "/scratch@sha256:",
		"\nwsk action create hello dist/hello.zip --docker " + registry + "/e2e/"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the tour did not print %q:\n%s", want, text)
		}
	}
}

// copyCheckout copies the files of the checkout, without what git ignores at its top, into an empty directory.
func copyCheckout(t *testing.T) string {
	t.Helper()
	root, target := os.DirFS(".."), t.TempDir()
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == ".git" || path == "dist" || path == ".cache":
			if entry.IsDir() { // .git is a file in a second work tree
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(target, path), 0o755)
		case !entry.Type().IsRegular() || path == "mkimage":
			return nil
		}
		content, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(target, path), content, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return target
}
