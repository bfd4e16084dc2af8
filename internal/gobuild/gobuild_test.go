package gobuild

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// tiny is a module as small as one can be, for the toolchain that the test runs with.
func tiny() fstest.MapFS {
	return fstest.MapFS{
		"go.mod":               {Data: []byte("module example.org/tiny\n\ngo 1.26.0\n\ntoolchain " + runtime.Version() + "\n\nrequire example.org/absent v1.0.0\n")},
		"proxy/main.go":        {Data: []byte("package main\n\nimport \"example.org/tiny/proxy/word\"\n\nfunc main() { println(word.Word) }\n")},
		"proxy/main_test.go":   {Data: []byte("this is not Go\n")},
		"proxy/testdata/x.go":  {Data: []byte("this is not Go\n")},
		"proxy/word/word.go":   {Data: []byte("package word\n\nconst Word = \"tiny\"\n")},
		"proxy/word/README.md": {Data: []byte("nothing for the compiler\n")},
	}
}

func open(t *testing.T, source fs.FS, store string) *Module {
	t.Helper()
	var dir cache.Dir
	if store != "" {
		var err error
		if dir, err = cache.Open(store); err != nil {
			t.Fatal(err)
		}
	}
	module, err := Open(source, dir)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

func build(t *testing.T, module *Module, platform images.Platform) []byte {
	t.Helper()
	program, err := module.Proxy(t.Context(), platform)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// TestSameBytesEverywhere compiles in two temporary folders, which differ in everything that must not matter.
func TestSameBytesEverywhere(t *testing.T) {
	for _, platform := range images.UsualPlatforms() {
		first := build(t, open(t, tiny(), ""), platform)
		if got, err := staticFor(first); got != platform || err != nil {
			t.Errorf("%s: got a program for %s, %v", platform, got, err)
		}

		t.Run("elsewhere", func(t *testing.T) {
			other := filepath.Join(t.TempDir(), "a folder with another name")
			if err := os.Mkdir(other, 0o700); err != nil {
				t.Fatal(err)
			}
			settings := filepath.Join(other, "env")
			if err := os.WriteFile(settings, []byte("GOFLAGS=-tags=other\nGOAMD64=v3\nCGO_ENABLED=1\nGOTOOLCHAIN=local\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{
				"TMPDIR": other, "TZ": "Asia/Tokyo", "LANG": "tr_TR.UTF-8", "LC_ALL": "C", "GOFLAGS": "-gcflags=all=-N",
				"GOAMD64": "v3", "GOARM64": "v9.0", "GOEXPERIMENT": "nogreenteagc", "GOFIPS140": "latest", "GODEBUG": "madvdontneed=1",
				"CGO_ENABLED": "1", "GOOS": "windows", "GOARCH": "386", "GOWORK": "/nowhere/go.work", "GOROOT": "/nowhere",
				"GOTOOLCHAIN": "local", "GOENV": settings,
			} {
				t.Setenv(name, value)
			}
			t.Chdir(other)
			defer syscall.Umask(syscall.Umask(0o077))
			if second := build(t, open(t, tiny(), ""), platform); !bytes.Equal(first, second) {
				t.Errorf("%s: other bytes in another environment", platform)
			}
		})

		made, err := buildinfo.Read(bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		if made.Path != "example.org/tiny/proxy" || made.Main.Version != "(devel)" || made.GoVersion != runtime.Version()+"-X:"+experiment {
			t.Errorf("built as %s %s %s", made.Path, made.Main.Version, made.GoVersion)
		}
		for _, setting := range made.Settings {
			if strings.HasPrefix(setting.Key, "vcs") || strings.Contains(setting.Value, "/tmp") {
				t.Errorf("the program tells %s=%s", setting.Key, setting.Value)
			}
		}
	}
}

func TestSecondBuildDoesNotRunGo(t *testing.T) {
	store := t.TempDir()
	first := build(t, open(t, tiny(), store), images.LinuxAMD64)

	t.Setenv("PATH", "")
	if again := build(t, open(t, tiny(), store), images.LinuxAMD64); !bytes.Equal(first, again) {
		t.Error("the cache gave another program")
	}
	same := tiny()
	same["proxy/main_test.go"].Data = []byte("changed")
	same["go.mod"].Data = append(same["go.mod"].Data, "require example.org/another v1.0.0\n"...)
	if again := build(t, open(t, same, store), images.LinuxAMD64); !bytes.Equal(first, again) {
		t.Error("a changed test or requirement gave another program")
	}

	for name, change := range map[string]func(fstest.MapFS){
		"source":    func(m fstest.MapFS) { m["proxy/word/word.go"].Data = []byte("package word\n\nconst Word = \"new\"\n") },
		"new file":  func(m fstest.MapFS) { m["proxy/word/more.go"] = &fstest.MapFile{Data: []byte("package word\n")} },
		"language":  func(m fstest.MapFS) { replace(m, "go 1.26.0", "go 1.25.0") },
		"toolchain": func(m fstest.MapFS) { replace(m, runtime.Version(), "go1.26.0") },
		"path":      func(m fstest.MapFS) { replace(m, "example.org/tiny", "example.org/other") },
	} {
		changed := tiny()
		change(changed)
		if _, err := open(t, changed, store).Proxy(t.Context(), images.LinuxAMD64); !errors.Is(err, ErrNoGo) {
			t.Errorf("another %s: want it to be compiled anew, got %v", name, err)
		}
	}
	if _, err := open(t, tiny(), store).Proxy(t.Context(), images.LinuxARM64); !errors.Is(err, ErrNoGo) {
		t.Errorf("another platform: want it to be compiled, got %v", err)
	}
}

func replace(m fstest.MapFS, from, to string) {
	m["go.mod"].Data = bytes.ReplaceAll(m["go.mod"].Data, []byte(from), []byte(to))
}

func TestBrokenCacheEntryIsCompiledAnew(t *testing.T) {
	store := t.TempDir()
	first := build(t, open(t, tiny(), store), images.LinuxAMD64)
	entries, err := filepath.Glob(filepath.Join(store, "go", "*"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("cache holds %v, %v", entries, err)
	}
	if err := os.Truncate(entries[0], int64(len(first)/2)); err != nil {
		t.Fatal(err)
	}
	if again := build(t, open(t, tiny(), store), images.LinuxAMD64); !bytes.Equal(first, again) {
		t.Error("a broken entry gave another program")
	}
}

func TestNoGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := open(t, tiny(), "").Proxy(t.Context(), images.LinuxAMD64)
	want := "compile the proxy for linux/amd64: there is no go command on the PATH; install Go from https://go.dev/dl, or give a ready proxy with --proxy FILE"
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func TestToolchainThatCannotBeFetched(t *testing.T) {
	source := tiny()
	replace(source, runtime.Version(), "go1.26.99")
	t.Setenv("GOPROXY", "off")
	_, err := open(t, source, "").Proxy(t.Context(), images.LinuxAMD64)
	var wrong *ToolchainError
	if !errors.As(err, &wrong) || wrong.Want != "go1.26.99" || wrong.Have != runtime.Version() || !strings.Contains(err.Error(), "--proxy FILE") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("several lines: %v", err)
	}
}

// TestGoThatTakesNoNotice puts a go command in the way that ignores $GOTOOLCHAIN, as those before Go 1.21 do.
func TestGoThatTakesNoNotice(t *testing.T) {
	old := t.TempDir()
	source := tiny()
	replace(source, runtime.Version(), "go1.26.99")
	script := "#!/bin/sh\nGOTOOLCHAIN=local PATH='" + os.Getenv("PATH") + "' exec go \"$@\"\n"
	testkit.WriteProgram(t, filepath.Join(old, "go"), script)
	t.Setenv("PATH", old)
	_, err := open(t, source, "").Proxy(t.Context(), images.LinuxAMD64)
	var wrong *ToolchainError
	if !errors.As(err, &wrong) || wrong.Want != "go1.26.99" || wrong.Have != runtime.Version() {
		t.Errorf("got %v", err)
	}
}

func TestSourceThatDoesNotCompile(t *testing.T) {
	source := tiny()
	source["proxy/main.go"].Data = []byte("package main\n\nfunc main() { missing() }\n")
	_, err := open(t, source, "").Proxy(t.Context(), images.LinuxAMD64)
	want := "compile the proxy for linux/amd64: go build: proxy/main.go:3:15: undefined: missing"
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func TestBuildStopsWithItsContext(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, tiny(), "").Proxy(ctx, images.LinuxAMD64); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no toolchain": "module m\n\ngo 1.26.0\n",
		"no module":    "go 1.26.0\n\ntoolchain go1.26.8\n",
		"no go.mod":    "not a go.mod\n",
	} {
		if _, err := Open(fstest.MapFS{"go.mod": {Data: []byte(text)}}, cache.Dir{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Open(fstest.MapFS{}, cache.Dir{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty: got %v", err)
	}
}

func TestReadProxy(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	arm := build(t, open(t, tiny(), ""), images.LinuxARM64)
	good := file("good", arm)
	loong := bytes.Clone(arm)
	loong[18], loong[19] = 2, 1 // e_machine: 258
	object := bytes.Clone(arm)
	object[16] = 1 // e_type: ET_REL

	amd64, arm64 := images.LinuxAMD64, images.LinuxARM64
	tests := []struct {
		name, file string
		platforms  []images.Platform
		want       string
	}{
		{"good", good, []images.Platform{arm64}, ""},
		{"another machine", good, []images.Platform{amd64}, good + " is for linux/arm64, the image is for linux/amd64"},
		{"two platforms", good, []images.Platform{amd64, arm64}, good + " serves only linux/arm64; build with --platform linux/arm64"},
		{"a script", file("script", []byte("#!/bin/sh\n")), []images.Platform{arm64}, "script is not a Linux program (an ELF file)"},
		{"an object file", file("object", object), []images.Platform{arm64}, "object is an ELF file, but not a program (ET_REL)"},
		{"an unknown machine", file("loong", loong), []images.Platform{arm64}, "loong is for a machine (EM_LOONGARCH) that images are not built for"},
		{"a dynamic program", "/bin/sh", []images.Platform{amd64}, "/bin/sh is linked dynamically"},
		{"half a program", file("half", arm[:100]), []images.Platform{arm64}, "half is not a Linux program"},
		{"nothing", filepath.Join(dir, "absent"), []images.Platform{arm64}, "absent: no such file or directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadProxy(test.file, test.platforms)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), "read the proxy: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("\n got %v\nwant %s", err, test.want)
			}
		})
	}
}
