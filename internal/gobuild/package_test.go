package gobuild

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
)

// written makes a folder of files.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const goMod = "module example.org/action\n\ngo 1.26.0\n"

func TestPackage(t *testing.T) {
	store, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"go.mod":       goMod,
		"main.go":      "package main\n\nimport \"example.org/action/word\"\n\nvar version = \"none\"\n\nfunc main() { println(word.Word, version) }\n",
		"word/word.go": "package word\n\nconst Word = \"first\"\n",
		"word/tag.go":  "//go:build special\n\npackage word\n\nfunc init() { println(\"special tag\") }\n",
	}
	dir := written(t, files)
	own := Package{Dir: dir, Toolchain: runtime.Version(), Store: store}
	program := programOf(t, own, images.LinuxAMD64)
	if platform, err := staticFor(program); err != nil || platform != images.LinuxAMD64 {
		t.Errorf("for %s: %v", platform, err)
	}
	if platform, err := staticFor(programOf(t, own, images.LinuxARM64)); err != nil || platform != images.LinuxARM64 {
		t.Errorf("for %s: %v", platform, err)
	}
	if !bytes.Equal(program, programOf(t, own, images.LinuxAMD64)) {
		t.Error("the second time gives other bytes")
	}
	elsewhere := Package{Dir: written(t, files), Toolchain: runtime.Version()}
	t.Setenv("GOFLAGS", "-tags=special")
	t.Setenv("GOAMD64", "v3")
	if !bytes.Equal(program, programOf(t, elsewhere, images.LinuxAMD64)) {
		t.Error("another folder, or the user's own settings, give other bytes")
	}

	crlf := map[string]string{}
	for name, content := range files {
		crlf[name] = strings.ReplaceAll(content, "\n", "\r\n")
	}
	windows := Package{Dir: written(t, crlf), Toolchain: runtime.Version()}
	if !bytes.Equal(program, programOf(t, windows, images.LinuxAMD64)) {
		t.Error("line ends of Windows give other bytes")
	}

	special := own
	special.Tags = "special"
	if !bytes.Contains(programOf(t, special, images.LinuxAMD64), []byte("special tag")) {
		t.Error("the tag takes no effect")
	}
	special.LDFlags = "-X main.version=v1.2.3-from-the-linker"
	if !bytes.Contains(programOf(t, special, images.LinuxAMD64), []byte("v1.2.3-from-the-linker")) {
		t.Error("the linker flag takes no effect")
	}

	if err := os.WriteFile(filepath.Join(dir, "word", "word.go"), []byte("package word\n\nconst Word = \"changed word\"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(programOf(t, own, images.LinuxAMD64), []byte("changed word")) {
		t.Error("a change takes no effect, though another program is kept")
	}
}

// TestPackageKeeps: a program that is kept is not linked again until a file has changed. Another program in its place shows
// whether it is taken.
func TestPackageKeeps(t *testing.T) {
	store, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"go.mod": goMod, "word/word.go": "package word\n\nconst Word = 1\n",
		"main.go": "package main\n\nimport \"example.org/action/word\"\n\nfunc main() { println(word.Word) }\n",
	}
	own := Package{Dir: written(t, files), Toolchain: runtime.Version(), Store: store}
	other := programOf(t, Package{Dir: written(t, map[string]string{"go.mod": goMod, "main.go": "package main\n\nfunc main() {}\n"}), Toolchain: runtime.Version()}, images.LinuxAMD64)
	key := cache.Key(own.Dir, string(images.LinuxAMD64), own.Toolchain, own.Tags, own.LDFlags)
	for _, change := range []string{"main.go", "word/word.go"} {
		program := programOf(t, own, images.LinuxAMD64)
		if bytes.Equal(program, other) {
			t.Fatal("it does not compile the package")
		}
		kept, ok := store.Last("go-action", key)
		if !ok || !bytes.HasSuffix(kept, program) {
			t.Fatalf("the program is not kept: %v", ok)
		}
		if err := store.Replace("go-action", key, append(bytes.TrimSuffix(kept, program), other...)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(programOf(t, own, images.LinuxAMD64), other) {
			t.Error("it is linked again, though nothing has changed")
		}
		if err := os.WriteFile(filepath.Join(own.Dir, change), []byte(files[change]+"\nvar _ = 1\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(programOf(t, own, images.LinuxAMD64), other) {
			t.Errorf("it is not linked again after a change of %s", change)
		}
	}
}

func programOf(t *testing.T, own Package, platform images.Platform) []byte {
	t.Helper()
	program, err := own.Build(t.Context(), platform)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// TestPackageBelowAnothersWorkspace holds that GOWORK=off, which is the only way to compile a module that the go.work
// above it does not list, reaches the go command, and that another value does not.
func TestPackageBelowAnothersWorkspace(t *testing.T) {
	const main = "package main\n\nfunc main() {}\n"
	top := written(t, map[string]string{
		"go.work": "go 1.26.0\n\nuse ./other\n", "other/go.mod": "module example.org/other\n\ngo 1.26.0\n",
		"act/go.mod": goMod, "act/main.go": main,
		"elsewhere/go.work": "go 1.26.0\n\nuse ../act\n",
	})
	dir := filepath.Join(top, "act")
	own := Package{Dir: dir, Toolchain: runtime.Version()}
	t.Setenv("GOWORK", "off")
	programOf(t, own, images.LinuxAMD64)
	if sources, err := Sources(t.Context(), []string{dir}); err != nil || len(sources[dir]) != 1 {
		t.Errorf("got %v, %v", sources, err)
	}
	for _, other := range []string{"", filepath.Join(top, "elsewhere", "go.work")} {
		t.Setenv("GOWORK", other)
		if _, err := own.Build(t.Context(), images.LinuxAMD64); err == nil {
			t.Errorf("GOWORK=%s: it compiles, though the go.work above it does not list it", other)
		}
	}
}

func TestPackageRefuses(t *testing.T) {
	const main = "package main\n\nfunc main() {}\n"
	tests := []struct {
		name  string
		files map[string]string
		want  string // DIR stands for the folder
	}{
		{"not main", map[string]string{"go.mod": goMod, "a.go": "package a\n"}, "it is not package main"},
		{"a mistake", map[string]string{"go.mod": goMod, "main.go": "package main\n\nfunc main() { missing() }\n"}, "DIR/main.go:3:15: undefined: missing"},
		{"two mistakes", map[string]string{"go.mod": goMod, "main.go": "package main\n\nfunc main() {\n\ta()\n\tb()\n}\n"}, "DIR/main.go:4:2: undefined: a; DIR/main.go:5:2: undefined: b"},
		{"a syntax error", map[string]string{"go.mod": goMod, "main.go": "package main\n\nfunc main( {}\n"}, "DIR/main.go:3:12: syntax error"},
		{"a mistake in another package", map[string]string{"go.mod": goMod, "main.go": "package main\n\nimport _ \"example.org/action/b\"\n\nfunc main() {}\n", "b/b.go": "package b\n\nvar x int = \"\"\n"}, "DIR/b/b.go:3:13: cannot use"},
		{"a missing requirement", map[string]string{"go.mod": goMod, "main.go": "package main\n\nimport _ \"example.org/missing\"\n\nfunc main() {}\n"}, "DIR/main.go:3:8: no required module provides package example.org/missing; to add it: go get example.org/missing"},
		{"cgo", map[string]string{"go.mod": goMod, "main.go": "package main\n\nimport \"C\"\n\nfunc main() {}\n"}, "example.org/action (main.go) uses cgo"},
		{"cgo beside Go", map[string]string{"go.mod": goMod, "main.go": "package main\n\nfunc main() { inC() }\n", "c.go": "package main\n\nimport \"C\"\n\nfunc inC() {}\n"}, "example.org/action (c.go) uses cgo"},
		{"another Go", map[string]string{"go.mod": "module x\n\ngo 1.99.0\n", "main.go": main}, "go.mod requires go >= 1.99.0"},
		{"no module", map[string]string{"main.go": main}, "there is no go.mod there or above: run go mod init NAME and go mod tidy in DIR"},
		{"no Go file", map[string]string{"go.mod": goMod, "README": ""}, "there is no Go file of a package main in it"},
		{"tests alone", map[string]string{"go.mod": goMod, "main_test.go": "package main\n"}, "there is no Go file of a package main in it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := written(t, test.files)
			_, err := Package{Dir: dir, Toolchain: runtime.Version()}.Build(t.Context(), images.LinuxAMD64)
			want := strings.ReplaceAll(test.want, "DIR", dir)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %s", err, want)
			}
		})
	}
}

func TestPackageNeedsTheToolchain(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	dir := written(t, map[string]string{"go.mod": goMod, "main.go": "package main\n\nfunc main() {}\n"})
	_, err := Package{Dir: dir, Toolchain: "go1.26.99"}.Build(t.Context(), images.LinuxAMD64)
	var other *ToolchainError
	if !errors.As(err, &other) || other.Want != "go1.26.99" {
		t.Errorf("got %v", err)
	}
}
