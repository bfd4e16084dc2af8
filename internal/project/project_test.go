package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	got, err := Parse("/p/mkimage.yaml", []byte("repo: localhost:5000/me\ntags: ['1.0', latest]\nplatforms: linux/arm64\nmirror: packages\nbuilder: [tcp://a:1]\napihost: ow\n"))
	want := Settings{
		Repo: "localhost:5000/me", Tags: Words{"1.0", "latest"}, Platforms: Words{"linux/arm64"}, Mirror: filepath.FromSlash("/p/packages"),
		Builder: Words{"tcp://a:1"}, APIHost: "ow", File: "/p/mkimage.yaml",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for _, empty := range []string{"", "\n# nothing yet\n"} {
		if got, err := Parse("mkimage.yaml", []byte(empty)); err != nil || len(got.Values()) > 0 {
			t.Errorf("%q: got %v, %v", empty, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"name: mkimage\nbase: scratch\n":   "mkimage.yaml: it defines an image, and here this name is for the settings of a project",
		"rpeo: x\n":                        `mkimage.yaml:1:1: unknown key "rpeo" (did you mean "repo"?); the keys are apihost, builder, mirror, platforms, repo, tags`,
		"repo: Upper/Case\n":               "mkimage.yaml: repo: ",
		"tags: [1.0]\n":                    "mkimage.yaml:1:8: want text, in quotes",
		"tags: ['a b']\n":                  "mkimage.yaml: tags: ",
		"platforms: [linux/amd46]\n":       "(did you mean \"linux/amd64\"?)",
		"repo: x/y\n<<<<<<< HEAD\n":        "mkimage.yaml:2:1: a merge conflict",
		"\trepo: x\n":                      "mkimage.yaml:1:1: a tab",
		"repo: a\nrepo: b\n":               `mkimage.yaml:2:1: key "repo" is there twice; the first is in line 1`,
		"repo: [a\n":                       "mkimage.yaml:1:7: not valid YAML",
		"repo: {a: b}\n":                   "mkimage.yaml:1:",
		strings.Repeat("# x\n", maxFile/3): "larger than 64 KiB",
	} {
		_, err := Parse("mkimage.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q: got %v, want %q", text, err, want)
		}
	}
}

// TestFind holds that settings apply in their folder and below it, up to the top of the repository, and that nothing
// above that is read.
func TestFind(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("mkimage.yaml", "apihost: outside\n")
	write("project/.git/HEAD", "")
	write("project/mkimage.yaml", "apihost: inside\n")
	write("project/a/b/file", "")
	write("bare/.git", "") // of a worktree
	write("plain/file", "")
	for dir, want := range map[string]string{".": "outside", "project": "inside", "project/a/b": "inside", "bare": "", "plain": ""} {
		if got, err := Find(filepath.Join(root, dir)); err != nil || got.APIHost != want {
			t.Errorf("%s: got %q, %v, want %q", dir, got.APIHost, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("repo: a/b\ntags: [x]\n"))
	f.Add([]byte("tags:\n- - x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := Parse("mkimage.yaml", text); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
