package sbom

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBeside(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for layout, want := range map[string]string{
		"dist/scratch":  "dist/scratch.spdx.json",
		"dist/scratch/": "dist/scratch.spdx.json",
		"scratch":       "scratch.spdx.json",
		".":             here + ".spdx.json",
		"a/..":          here + ".spdx.json",
	} {
		if got := Beside(filepath.FromSlash(layout)); got != filepath.FromSlash(want) {
			t.Errorf("%s: %s, want %s", layout, got, want)
		}
	}
}

func TestWriteReplacesOnlyOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dist", "stack.spdx.json")
	own := `{"documentNamespace": "` + namespaces + `stack@sha256:12"}`
	for _, content := range []string{own, own + " "} {
		if err := Write(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("got %s, %v", got, err)
		}
	}
	if err := Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if err := Remove(path); err != nil {
		t.Errorf("nothing to remove: %v", err)
	}
	for _, content := range []string{"", "{}", "notes", `{"documentNamespace": "https://example.org/sbom/1"}`} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Write(path, []byte(own)); err == nil || !strings.Contains(err.Error(), "was not made by mkimage") {
			t.Errorf("%q: got %v", content, err)
		}
		if err := Remove(path); err != nil {
			t.Errorf("%q: %v", content, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("%q became %q, %v", content, got, err)
		}
	}
}

func TestWriteWhereAFolderIs(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, []byte("{}")); err == nil || err.Error() != "write "+dir+": is a directory" {
		t.Errorf("got %v", err)
	}
	if err := Remove(dir); err != nil {
		t.Error(err)
	}
}

func TestReadBesideOfThisImageAlone(t *testing.T) {
	layout := filepath.Join(t.TempDir(), "scratch")
	const digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	if _, ok := ReadBeside(layout, digest); ok {
		t.Error("there is none")
	}
	for namespace, want := range map[string]bool{
		namespaces + "scratch@" + digest:     true,
		namespaces + "scratch@sha256:2":      false,
		"https://example.org/x@" + digest:    false,
		namespaces + "scratch@" + digest[1:]: false,
	} {
		if err := os.WriteFile(Beside(layout), []byte(`{"documentNamespace": "`+namespace+`"}`), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, ok := ReadBeside(layout, digest); ok != want {
			t.Errorf("%s: got %v", namespace, ok)
		}
	}
	if err := os.WriteFile(Beside(layout), []byte("hello"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, ok := ReadBeside(layout, digest); ok {
		t.Error("it is not JSON")
	}
}
