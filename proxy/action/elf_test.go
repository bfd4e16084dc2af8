//go:build linux

package action

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// compiled is a Go program, built for a machine.
func compiled(t testing.TB, goarch string) []byte {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { println(\"hello\") }\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module hello\n\ngo 1.26\n"), 0o644))
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", "hello", ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+goarch, "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("no Go compiler for %s: %v\n%s", goarch, err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "hello"))
	must(t, err)
	return b
}

// testProgram is a program of this machine: this test itself.
func testProgram(t testing.TB) []byte {
	b, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	return b
}

// compiledC is a C program, linked as the flags say.
func compiledC(t *testing.T, flags ...string) []byte {
	t.Helper()
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no gcc")
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "main.c"), []byte("int one(void);\nint main(void) { return one(); }\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "one.c"), []byte("int one(void) { return 1; }\n"), 0o644))
	for _, args := range [][]string{
		append([]string{"-shared", "-fPIC", "-o", "libone.so", "one.c"}, soname...),
		append([]string{"-o", "program", "main.c", "-L.", "-lone"}, flags...),
	} {
		cc := exec.Command(gcc, args...)
		cc.Dir = dir
		if out, err := cc.CombinedOutput(); err != nil {
			t.Fatalf("gcc %q: %v\n%s", args, err, out)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "program"))
	must(t, err)
	return b
}

var soname = []string{"-Wl,-soname,libone.so"}

func otherMachine() string {
	if runtime.GOARCH == "arm64" {
		return "amd64"
	}
	return "arm64"
}

func TestPrograms(t *testing.T) {
	other, small := otherMachine(), compiled(t, runtime.GOARCH)
	for _, c := range []struct {
		name    string
		program func() []byte
		want    string // the reason, "" when it is accepted
	}{
		{"static", func() []byte { return testProgram(t) }, ""},
		{"another machine", func() []byte { return compiled(t, other) }, "the program is built for " + other + ", this image runs on " + runtime.GOARCH + " (Go: build it with GOOS=linux GOARCH=" + runtime.GOARCH + ")"},
		{"32 bits", func() []byte { return damage(damage(small, 4, 1), 18, 3) }, "the program is built for 386"},
		{"FreeBSD", func() []byte { return damage(small, 7, 9) }, "built for another system (ELF OS/ABI 9), not for Linux"},
		{"macOS", func() []byte { return []byte("\xcf\xfa\xed\xfe\x0c\x00\x00\x01") }, "built for macOS or Windows, not for Linux (Go: build it with GOOS=linux)"},
		{"Windows", func() []byte { return []byte("MZ\x90\x00\x03\x00") }, "built for macOS or Windows"},
		{"library missing", func() []byte { return compiledC(t) }, `the program needs "libone.so", which is not in this image (link it statically; Go: CGO_ENABLED=0)`},
		{"interpreter missing", func() []byte { return compiledC(t, "-Wl,--dynamic-linker=/lib/ld-nowhere.so.1") }, `the program needs "/lib/ld-nowhere.so.1"`},
		{"unknown library path", func() []byte { return compiledC(t, "-Wl,-rpath,/opt/$LIB") }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			program := c.program()
			if c.want != "" {
				refused(t, program, c.want)
				refused(t, zipOf(t, entry{name: "exec", content: string(program), mode: 0o755}), c.want)
				return
			}
			f := newTestFolder(t)
			_, err := place(t, f, program)
			must(t, err)
		})
	}
}

// An archive may bring its libraries, where the program will look for them.
func TestLibrariesInTheArchive(t *testing.T) {
	f := newTestFolder(t)
	library := file("lib/libone.so", "not looked into")
	for _, c := range []struct {
		name  string
		rpath string
		env   string
	}{
		{"beside the program", "$ORIGIN/lib", ""},
		{"by its final place", f.Dir + "/lib", ""},
		{"by the environment", "/nowhere", "LD_LIBRARY_PATH=/else:" + f.Dir + "/lib"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.Env = []string{c.env}
			program := entry{name: "exec", content: string(compiledC(t, "-Wl,-rpath,"+c.rpath)), mode: 0o755}
			_, err := place(t, f, zipOf(t, program, library))
			must(t, err)
			must(t, os.RemoveAll(f.Dir+"/lib"))
			if _, err := place(t, f, zipOf(t, program)); err == nil {
				t.Error("accepted without the library")
			}
		})
	}
}

// damage changes bytes of a program.
func damage(program []byte, at int, bytes ...byte) []byte {
	b := append([]byte(nil), program...)
	copy(b[at:], bytes)
	return b
}

func TestDamagedPrograms(t *testing.T) {
	program := testProgram(t)
	segments := int(binary.LittleEndian.Uint64(program[32:]))
	for _, c := range []struct {
		name    string
		program []byte
		want    string
	}{
		{"header cut off", program[:40], "its header is not whole"},
		{"segment table cut off", program[:segments+100], "cut off: it is shorter than its headers say"},
		{"half of it", program[:len(program)/2], "cut off"},
		{"object file", damage(program, 16, 1), "not a program"},
		{"core dump", damage(program, 16, 4), "not a program"},
		{"no segments", damage(program, 56, 0, 0), "no readable program headers"},
		{"many segments", damage(program, 56, 0xff, 0xff), "no readable program headers"},
		{"segments of another size", damage(program, 54, 32), "no readable program headers"},
		{"segments far outside", damage(program, 32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "no readable program headers"},
		{"segments outside", damage(program, 32, 0, 0, 0, 0x7f), "cut off"},
		{"unknown machine", damage(program, 18, 0xad, 0xde), "built for machine 57005"},
		{"32-bit pointers", damage(program, 4, 1), runtime.GOARCH + " with 32-bit pointers"},
		{"big-endian", damage(damage(program, 5, 2), 18, program[19], program[18]), "big-endian"},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, c.program, c.want) })
	}
}
