package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// layFunctionsPage writes the files that docs/functions.md shows into a folder, and returns the values and answers of
// its runs by image.
func layFunctionsPage(t *testing.T) (dir string, values, answers map[string]string) {
	t.Helper()
	dir, values, answers = t.TempDir(), map[string]string{}, map[string]string{}
	for _, block := range regexp.MustCompile("(?ms)^```[a-z]+ (file|run|answer)=(\\S+)\n(.*?)^```$").FindAllStringSubmatch(string(read(t, "../docs/functions.md")), -1) {
		switch kind, name, text := block[1], block[2], block[3]; kind {
		case "run":
			values[name] = text
		case "answer":
			answers[name] = strings.TrimSpace(text)
		default:
			writeFile(t, filepath.Join(dir, name), text)
		}
	}
	return dir, values, answers
}

func writeFile(t *testing.T, file, text string) string {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// bake starts a container of an image with an action, as the platform does.
func bake(t *testing.T, flags ...string) instance {
	t.Helper()
	name, archive := imageName(t), filepath.Join(t.TempDir(), "image.tar")
	mkimage(t, append([]string{"build", "--platform", "linux/amd64", "--allow-over-budget", "-o", "type=docker,dest=" + archive + ",ref=" + name}, flags...)...)
	docker(t, "load", "-i", archive)
	i, _ := start(t, name, "--read-only", "--cap-drop", "ALL")
	return i
}

// initBaked sends an /init without code, which names a function.
func (i instance) initBaked(t *testing.T, main string) testkit.Answer {
	t.Helper()
	return i.post(t, "/init", map[string]any{"value": map[string]any{"name": "any", "main": main, "binary": false, "code": ""}})
}

// TestFunctionsPage bakes the functions of docs/functions.md, a file and folders in three languages, and has them
// answer.
func TestFunctionsPage(t *testing.T) {
	t.Parallel()
	needEngine(t)
	needPackagesForAMD64(t)
	dir, values, answers := layFunctionsPage(t)
	if len(values) != 3 || len(answers) != len(values) {
		t.Fatalf("the page shows %d runs and %d answers", len(values), len(answers))
	}
	for image, value := range values {
		t.Run(image, func(t *testing.T) {
			i := bake(t, filepath.Join(dir, "images", image+".yaml"))
			if got := i.initBaked(t, "main"); got != testkit.OK("OK") {
				t.Fatalf("init answered %v\n%s", got, i.log())
			}
			if got := i.Post("/run", `{"value":`+value+`}`); got != testkit.OK(answers[image]) {
				t.Errorf("got %v, want %s\n%s", got, answers[image], i.log())
			}
		})
	}
	t.Run("another function in init", func(t *testing.T) {
		i := bake(t, filepath.Join(dir, "images", "add.yaml"))
		if got := i.initBaked(t, "other").Error(t); !strings.Contains(got, "main.py has no function other") {
			t.Errorf("init said %q", got)
		}
	})
	t.Run("as an upload", func(t *testing.T) {
		packed := filepath.Join(dir, "cut.zip")
		mkimage(t, "action", "build", filepath.Join(dir, "cut"), "-o", packed)
		i, _ := start(t, loadStemcell(t, "ruby"), frugal...)
		i.init(t, read(t, packed))
		var value map[string]any
		if err := json.Unmarshal([]byte(values["cut"]), &value); err != nil {
			t.Fatal(err)
		}
		if got, _ := json.Marshal(i.run(t, value)); string(got) != answers["cut"] {
			t.Errorf("got %s, want %s", got, answers["cut"])
		}
	})
	for name, test := range map[string]struct{ image, file, text, want string }{
		"ruby":     {"ruby", "broken.rb", "def main(args)\n  {\nend\n", "main.rb:3: syntax error"},
		"bash":     {"bash", "broken.sh", "main() {\n  echo '{}'\n", "main.sh: line 3: syntax error"},
		"python 2": {"python", "old.py", "def main(args):\n    print \"x\"\n", "main.py, line 2"},
	} {
		t.Run("broken "+name, func(t *testing.T) {
			i := bake(t, test.image, "--action", writeFile(t, filepath.Join(dir, test.file), test.text))
			if got := i.initBaked(t, "main").Error(t); !strings.Contains(got, test.want) || strings.Contains(got, "\n") {
				t.Errorf("init said %q, want %q", got, test.want)
			}
		})
	}
}
