package action

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOpenFiles holds which files a step gets, under which names and modes. Modes on the disk do not matter.
func TestOpenFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(t *testing.T, file, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "definition", "requirements.txt"), "greeter\n")
	write(t, filepath.Join(dir, "definition", "wheels", "a.whl"), "PK")
	write(t, filepath.Join(dir, "definition", "wheels", "tools", "run"), "#!/bin/sh\n")
	write(t, filepath.Join(dir, "secret"), "x")
	definition := filepath.Join(dir, "definition")
	for link, target := range map[string]string{"out": "../secret", "in": "requirements.txt", "absolute": "/etc/passwd", "loop": "loop", "folder": "wheels", "none": "nothing"} {
		if err := os.Symlink(target, filepath.Join(definition, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(definition, "requirements.txt"), 0o755); err != nil {
		t.Fatal(err)
	}
	found, err := OpenFiles(definition, []string{"requirements.txt", "wheels/", "in"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, one := range found {
		for _, file := range one.Files {
			line := file.Mode.String() + " " + file.Path
			if file.Open != nil {
				content, err := file.Open()
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(content)
				if err != nil {
					t.Fatal(err)
				}
				line += " " + strings.TrimSpace(string(text))
				_ = content.Close()
			}
			got = append(got, line)
		}
	}
	want := []string{"-rw-r--r-- requirements.txt greeter", "drwxr-xr-x wheels", "-rw-r--r-- wheels/a.whl PK", "drwxr-xr-x wheels/tools", "-rwxr-xr-x wheels/tools/run #!/bin/sh", "-rw-r--r-- in greeter"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{
		"out": "symlink that leads to no file below", "absolute": "symlink that leads to no file below", "loop": "symlink that leads to no file below",
		"none": "symlink that leads to no file below", "folder": `"folder" is a symlink to a folder`, "missing": `"missing": there is no such file beside the definition`,
	} {
		if _, err := OpenFiles(definition, []string{name}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}
