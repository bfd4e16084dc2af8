package gobuild

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOutside holds which packages are compiled from more than the files of a tree.
func TestOutside(t *testing.T) {
	const mod = "module example.org/a\n\ngo 1.26\n"
	for _, test := range []struct {
		name   string
		files  map[string]string
		reason string
	}{
		{"alone", map[string]string{"tree/a/go.mod": mod}, ""},
		{"replaced by a version", map[string]string{"tree/a/go.mod": mod + "replace example.org/b => example.org/c v1.0.0\n"}, ""},
		{"replaced inside", map[string]string{"tree/a/go.mod": mod + "replace example.org/b => ../b\n"}, ""},
		{"replaced outside", map[string]string{"tree/a/go.mod": mod + "replace example.org/b => ../../b\n"}, "go.mod replaces example.org/b by the folder ../../b"},
		{"replaced elsewhere", map[string]string{"tree/a/go.mod": mod + "replace example.org/b => /b\n"}, "go.mod replaces"},
		{"go.work inside", map[string]string{"tree/a/go.mod": mod, "tree/go.work": "go 1.26\nuse ./a\n"}, ""},
		{"go.work above", map[string]string{"tree/a/go.mod": mod, "go.work": "go 1.26\nuse ./tree/a\n"}, "the go.work above the source"},
		{"go.work uses another", map[string]string{"tree/a/go.mod": mod, "tree/go.work": "go 1.26\nuse ./a\nuse ../b\n", "b/go.mod": mod}, "go.work uses a module outside"},
		{"go.work replaces", map[string]string{"tree/a/go.mod": mod, "tree/go.work": "go 1.26\nuse ./a\nreplace example.org/b => ../b\n"}, "go.work replaces"},
		{"no module", map[string]string{"tree/a/main.go": "package main"}, "go.mod"},
		{"a module above", map[string]string{"go.mod": mod, "tree/a/main.go": "package main"}, "its go.mod is outside"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("GOWORK", "")
			top := t.TempDir()
			for name, text := range test.files {
				file := filepath.Join(top, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			err := Outside(filepath.Join(top, "tree", "a"), filepath.Join(top, "tree"))
			if test.reason == "" && err != nil || test.reason != "" && (err == nil || !strings.Contains(err.Error(), test.reason)) {
				t.Errorf("got %v, want %q", err, test.reason)
			}
		})
	}
}
