package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// TestBakedFunctions has functions in their images: as a file, a folder and an archive, in three languages. They are
// served after an /init without code, as the platform sends it.
func TestBakedFunctions(t *testing.T) {
	needEngine(t)
	needPackagesForAMD64(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	write("greet/main.rb", `require_relative "lib/words"
def main(args) = { greeting: "#{hello}, #{args["name"]}", here: Dir.pwd, beside: File.read("data.txt") }
`)
	write("greet/lib/words.rb", `def hello = "Hello"`)
	write("greet/data.txt", "data")
	python := "name: functions\nbase: alpine\nalpine: v3.22\nstemcells: [bash, python]\nmain: hello\nplatforms: [linux/amd64]\naction: greet.zip\n"
	write("greet.zip", string(zippedFiles(t, "main.py", `from words import hello as word
def hello(args): return {"greeting": f"{word}, {args['name']}"}
def other(args): return {"greeting": "other"}
`, "words.py", `hello = "Hello"`)))
	for _, test := range []struct {
		name, image, action, main string
		want                      string
	}{
		{"a file", "bash", write("greet.sh", `main() { printf %s "$1" | jq -c '{greeting: ("Hello, " + .name)}'; }`), "main", `{"greeting":"Hello, Zoë"}`},
		{"a folder", "ruby", filepath.Join(dir, "greet"), "main", `{"beside":"data","greeting":"Hello, Zoë","here":"/action"}`},
		{"an archive and its main", write("functions.yaml", python), "", "main", `{"greeting":"Hello, Zoë"}`},
		{"and another in init", filepath.Join(dir, "functions.yaml"), "", "other", `{"greeting":"other"}`},
		{"one that cannot be loaded", "ruby", write("broken.rb", "def main(args)\n  {\nend\n"), "main", "main.rb:3: syntax error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			flags := []string{"build", test.image, "--platform", "linux/amd64", "--allow-over-budget"}
			if test.action != "" {
				flags = append(flags, "--action", test.action)
			}
			name, archive := imageName(t), filepath.Join(t.TempDir(), "image.tar")
			mkimage(t, append(flags, "-o", "type=docker,dest="+archive+",ref="+name)...)
			docker(t, "load", "-i", archive)
			i, _ := start(t, name, "--read-only", "--cap-drop", "ALL")
			got := i.post(t, "/init", map[string]any{"value": map[string]any{"name": "greet", "main": test.main, "binary": false}})
			if !strings.HasPrefix(test.want, "{") {
				if text := got.Error(t); !strings.Contains(text, test.want) {
					t.Errorf("init said %q, want %q", text, test.want)
				}
				return
			}
			if got != testkit.OK("OK") {
				t.Fatalf("init answered %v\n%s", got, i.log())
			}
			result, err := json.Marshal(i.run(t, map[string]any{"name": "Zoë"}))
			if err != nil || string(result) != test.want {
				t.Errorf("got %s, %v, want %s", result, err, test.want)
			}
		})
	}
}
