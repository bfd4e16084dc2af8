package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// fewestMistakes is how many mistakes the table has, at least.
const fewestMistakes = 90

// TestMistakes holds the answers to mistakes that people make. Each file of testdata/mistakes is a transcript, and the
// files that are there before it: a line "$ COMMAND" is followed by its answer and its exit status. Every answer is one
// line that begins with "mkimage: ", for each mistake that was made, and changes nothing. In commands, NAME=VALUE
// before mkimage sets a variable, and single quotes hold an argument together. Rewrite answers with -update, and read
// them.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/mistakes/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range goEnvironment(t) {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	cache, total := t.TempDir(), 0
	for _, file := range files {
		if file, err = filepath.Abs(file); err != nil {
			t.Fatal(err)
		}
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		commands := regexp.MustCompile(`(?m)^\$ .*$`).FindAllString(string(archive.Comment), -1)
		total += len(commands)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			unpack(t, dir, archive.Files)
			enter(t, dir, cache)
			heading, _, _ := strings.Cut(string(archive.Comment), "$ ")
			got := heading + transcript(t, dir, commands)
			if *update {
				archive.Comment = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(archive.Comment), got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if total < fewestMistakes {
		t.Errorf("the table has %d mistakes, want %d", total, fewestMistakes)
	}
}

func unpack(t *testing.T, dir string, files []txtar.File) {
	for _, file := range files {
		path := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// enter makes dir the place of a user who has set nothing, and reaches nothing.
func enter(t *testing.T, dir, cache string) {
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "MKIMAGE_") || strings.HasPrefix(name, "DOCKER_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("HOME", cache) // where programs that mkimage starts may keep things
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	t.Setenv("MKIMAGE_CACHE_DIR", cache)
	t.Setenv("MKIMAGE_PROGRESS", "none")
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(dir))
	t.Chdir(dir)
}

// transcript makes every mistake, and returns what a user sees.
func transcript(t *testing.T, dir string, commands []string) string {
	var text strings.Builder
	before := tree(t, dir)
	for _, command := range commands {
		var stdout, stderr bytes.Buffer
		status := asTyped(t, strings.TrimPrefix(command, "$ "), &stdout, &stderr)
		answer := strings.ReplaceAll(stderr.String(), dir, "$WORK")
		fmt.Fprintf(&text, "%s\n%s[%d]\n\n", command, answer, status)
		switch {
		case status == 0:
			t.Errorf("%s: it was taken", command)
		case answer == "" || strings.HasPrefix(answer, "mkimage: \n"):
			t.Errorf("%s: no answer", command)
		case stdout.Len() > 0:
			t.Errorf("%s: wrote to stdout: %q", command, stdout.String())
		}
		for line := range strings.Lines(answer) {
			if !strings.HasPrefix(line, "mkimage: ") || len(line) > 600 {
				t.Errorf("%s: no line of an answer: %q", command, line)
			}
		}
		if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
			t.Errorf("%s: changed files: %s", command, diff)
		}
	}
	return text.String()
}

// asTyped runs a command line as a shell does that has nothing but variables and single quotes.
func asTyped(t *testing.T, line string, stdout, stderr *bytes.Buffer) int {
	var words []string
	for _, word := range regexp.MustCompile(`(?:[^\s']|'[^']*')+`).FindAllString(line, -1) {
		words = append(words, strings.ReplaceAll(word, "'", ""))
	}
	for words[0] != "mkimage" {
		name, value, _ := strings.Cut(words[0], "=")
		former, was := os.LookupEnv(name)
		if err := os.Setenv(name, value); err != nil {
			t.Fatal(err)
		}
		if was {
			defer os.Setenv(name, former)
		} else {
			defer os.Unsetenv(name)
		}
		words = words[1:]
	}
	return run(words[1:], stdout, stderr, stderr)
}

// tree returns the files below a folder, with their content.
func tree(t *testing.T, dir string) map[string]string {
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			all[name] = ""
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
