package action

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func TestCheckCase(t *testing.T) {
	for name, test := range map[string]struct {
		names []string
		want  string
	}{
		"different":            {[]string{"main.sh", "lib/a", "lib/b"}, ""},
		"the same twice":       {[]string{"a", "a"}, ""},
		"two files":            {[]string{"readme", "lib", "README"}, `"README" and "readme" differ by case alone`},
		"two folders":          {[]string{"lib/a", "Lib/b", "lib", "Lib"}, `"Lib" and "lib" differ by case alone`},
		"beyond ASCII":         {[]string{"Ä", "ä"}, "differ by case alone"},
		"letters of two cases": {[]string{"ſ", "s"}, "differ by case alone"}, // both are S
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckCase(test.names)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestCaseAlone holds that every kind of action refuses such names.
func TestCaseAlone(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"exec": "#!/bin/sh\n", "a": "1", "A": "2"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	const want = `"A" and "a" differ by case alone`
	if _, err := OpenFiles(dir, []string{"a", "A"}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("files of a step: %v", err)
	}
	archive := filepath.Join(t.TempDir(), "action.zip")
	packed := testkit.Zip(t, testkit.File{Name: "exec", Content: "#!/bin/sh\n"}, testkit.File{Name: "a"}, testkit.File{Name: "A"})
	if err := os.WriteFile(archive, []byte(packed), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, archive} {
		source, err := Open(path, Options{})
		if err == nil {
			_, err = source.Bake(t.Context(), images.LinuxAMD64, Tree{open: true})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
}

// TestLinkTarget holds that symlinks mean the same in an image that is built on Windows.
func TestLinkTarget(t *testing.T) {
	for _, test := range []struct {
		target    string
		separator rune
		want      string
	}{
		{"lib/a", '/', "lib/a"},
		{`lib\a`, '/', `lib\a`}, // a name with a backslash in it
		{`lib\a`, '\\', "lib/a"},
		{"lib/a", '\\', "lib/a"},
		{`..\a`, '\\', "../a"},
		{`C:\lib`, '\\', "/C:/lib"},
		{`\\host\share`, '\\', "//host/share"},
	} {
		if got := linkTarget(test.target, test.separator); got != test.want {
			t.Errorf("%s: got %s, want %s", test.target, got, test.want)
		}
	}
}
