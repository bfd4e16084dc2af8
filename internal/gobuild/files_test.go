package gobuild

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

func TestFiles(t *testing.T) {
	top := written(t, map[string]string{
		"act/go.mod":               "module example.org/act\n\ngo 1.26.0\n\nrequire example.org/lib v1.0.0\n\nreplace example.org/lib => ../lib\n",
		"act/cmd/main.go":          "package main\n\nimport (\n\t\"example.org/act/word\"\n\t\"example.org/lib\"\n)\n\nfunc main() { print(word.Word, lib.Word) }\n",
		"act/cmd/main_test.go":     "package main\n",
		"act/cmd/arm.go":           "//go:build arm64\n\npackage main\n",
		"act/cmd/tagged.go":        "//go:build special\n\npackage main\n",
		"act/cmd/windows.go":       "//go:build windows\n\npackage main\n",
		"act/word/word.go":         "package word\n\nimport _ \"embed\"\n\n//go:embed texts/hello.txt\nvar Word string\n",
		"act/word/texts/hello.txt": "hello",
		"act/unused/unused.go":     "package unused\n",
		"lib/go.mod":               "module example.org/lib\n\ngo 1.26.0\n",
		"lib/lib.go":               "package lib\n\nconst Word = \"lib\"\n",
	})
	own := Package{Dir: filepath.Join(top, "act", "cmd"), Toolchain: runtime.Version()}
	for name, test := range map[string]struct {
		tags      string
		platforms []images.Platform
		more      []string
	}{
		"one platform": {"", []images.Platform{images.LinuxAMD64}, nil},
		"two":          {"", images.UsualPlatforms(), []string{"cmd/arm.go"}},
		"a tag":        {"special", []images.Platform{images.LinuxAMD64}, []string{"cmd/tagged.go"}},
	} {
		t.Run(name, func(t *testing.T) {
			own.Tags = test.tags
			files, err := own.Files(t.Context(), test.platforms)
			if err != nil {
				t.Fatal(err)
			}
			want := append([]string{
				"cmd/main.go", "example.org/lib/go.mod", "example.org/lib/lib.go", "go.mod", "word/texts/hello.txt", "word/word.go",
			}, test.more...)
			slices.Sort(want)
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(files))); diff != "" {
				t.Error(diff)
			}
			if string(files["word/texts/hello.txt"]) != "hello" {
				t.Errorf("got %q", files["word/texts/hello.txt"])
			}
		})
	}
	t.Run("a workspace", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(top, "go.work"), []byte("go 1.26.0\n\nuse (\n\t./act\n\t./lib\n)\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		own.Tags = ""
		files, err := own.Files(t.Context(), []images.Platform{images.LinuxAMD64})
		if err != nil || files["go.work"] == nil || files["example.org/lib/lib.go"] == nil {
			t.Errorf("got %v, %v", slices.Sorted(maps.Keys(files)), err)
		}
	})
}
