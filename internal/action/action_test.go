package action

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// program is an ELF file for a machine, dynamic where it has a loader, with more bytes at its end.
func program(machine elf.Machine, loader, more string) string {
	return elfFile{machine: machine, loader: loader}.String() + more
}

// elfFile is what an ELF file is made from. One without a loader is static.
type elfFile struct {
	machine        elf.Machine
	loader         string
	needed         []string
	rpath, runpath string
}

func (f elfFile) String() string {
	const start = 64 + 3*56
	header := elf.Header64{Type: uint16(elf.ET_DYN), Machine: uint16(f.machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Phoff: 64, Phentsize: 56, Phnum: 1}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS], header.Ident[elf.EI_DATA], header.Ident[elf.EI_VERSION] =
		byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	text := "\x00"
	at := func(s string) uint64 { // where a string is, among the others
		place := len(text)
		text += s + "\x00"
		return uint64(place)
	}
	interpreter := start + at(f.loader)
	var dynamic []elf.Dyn64
	for _, name := range f.needed {
		dynamic = append(dynamic, elf.Dyn64{Tag: int64(elf.DT_NEEDED), Val: at(name)})
	}
	if f.rpath != "" {
		dynamic = append(dynamic, elf.Dyn64{Tag: int64(elf.DT_RPATH), Val: at(f.rpath)})
	}
	if f.runpath != "" {
		dynamic = append(dynamic, elf.Dyn64{Tag: int64(elf.DT_RUNPATH), Val: at(f.runpath)})
	}
	dynamic = append(dynamic, elf.Dyn64{Tag: int64(elf.DT_STRTAB), Val: start}, elf.Dyn64{Tag: int64(elf.DT_STRSZ), Val: uint64(len(text))}, elf.Dyn64{})
	size, table := uint64(len(text)), uint64(16*len(dynamic))
	segments := []elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Filesz: start + size + table, Memsz: start + size + table},
		{Type: uint32(elf.PT_INTERP), Off: interpreter, Filesz: uint64(len(f.loader) + 1)},
		{Type: uint32(elf.PT_DYNAMIC), Off: start + size, Vaddr: start + size, Filesz: table, Memsz: table},
	}
	if f.loader != "" {
		header.Phnum = uint16(len(segments))
	}
	var out bytes.Buffer
	_ = binary.Write(&out, binary.LittleEndian, header)
	_ = binary.Write(&out, binary.LittleEndian, segments)
	out.WriteString(text)
	_ = binary.Write(&out, binary.LittleEndian, dynamic)
	return out.String()
}

// entry is what an archive is made of.
type entry struct {
	name, content string
	mode          fs.FileMode
}

func zipped(entries ...entry) string {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name}
		header.SetMode(e.mode)
		w, _ := archive.CreateHeader(header)
		_, _ = w.Write([]byte(e.content))
	}
	_ = archive.Close()
	return out.String()
}

func tarred(headers ...tar.Header) string {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	archive := tar.NewWriter(zip)
	for _, header := range headers {
		content := header.Uname // of these tests: what the file holds
		header.Uname, header.Size = "", int64(len(content))
		_ = archive.WriteHeader(&header)
		_, _ = archive.Write([]byte(content))
	}
	_ = archive.Close()
	_ = zip.Close()
	return out.String()
}

func baked(t *testing.T, content string, below Tree) (Baked, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	source, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return source.Bake(t.Context(), images.LinuxAMD64, below)
}

func describe(files []layer.File) []string {
	var all []string
	for _, f := range files {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%v %d:%d %s %s", f.Mode, f.UID, f.GID, f.Path, f.Link)))
	}
	return all
}

func TestBake(t *testing.T) {
	static, script := program(elf.EM_X86_64, "", ""), "#!/bin/sh\n"
	alpine := NewTree([]string{"PATH=/usr/bin:/bin"}, named(map[string]string{
		"bin/sh": "/bin/busybox", "bin/busybox": "", "usr/bin/env": "../../bin/busybox", "lib": "usr/lib", "usr/lib/ld-musl-x86_64.so.1": "",
	}))
	tests := []struct {
		name, content string
		serves        bool
		want          []string
	}{
		{"a static program", static, false, []string{"-rwxr-xr-x 65532:0 action/exec"}},
		{"one that links the library", static + openwhisk.Marker, true, []string{"-rwxr-xr-x 65532:0 action/exec"}},
		{"a dynamic one", program(elf.EM_X86_64, "/lib/ld-musl-x86_64.so.1", ""), false, []string{"-rwxr-xr-x 65532:0 action/exec"}},
		{"a script", script, false, []string{"-rwxr-xr-x 65532:0 action/exec"}},
		{"a script that only names the library", script + openwhisk.Marker, false, []string{"-rwxr-xr-x 65532:0 action/exec"}},
		{"a script through env", "#!/usr/bin/env sh\n", false, []string{"-rwxr-xr-x 65532:0 action/exec"}},
		{"a script through env -S", "#!/usr/bin/env -S A=b sh -e\n", false, []string{"-rwxr-xr-x 65532:0 action/exec"}},
		{"a zip", zipped(entry{"lib/x/data", "1", 0o600}, entry{"exec", script, 0o644}, entry{"tool", "2", 0o777}), false, []string{
			"-rwxr-xr-x 65532:0 action/exec", "drwxrwxr-x 65532:0 action/lib", "drwxrwxr-x 65532:0 action/lib/x",
			"-rw-r--r-- 65532:0 action/lib/x/data", "-rwxr-xr-x 65532:0 action/tool"}},
		{"a zip of the library", zipped(entry{"exec", static + openwhisk.Marker, 0o755}), true, []string{"-rwxr-xr-x 65532:0 action/exec"}},
		{"a tar.gz with a link", tarred(tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o700}, tar.Header{Name: "./bin/run", Typeflag: tar.TypeReg, Mode: 0o755, Uname: script},
			tar.Header{Name: "./exec", Typeflag: tar.TypeSymlink, Linkname: "bin/run"}), false, []string{
			"drwxrwxr-x 65532:0 action/bin", "-rwxr-xr-x 65532:0 action/bin/run", "Lrwxrwxrwx 65532:0 action/exec bin/run"}},
		{"links out of the folder", zipped(entry{"exec", "d/x", fs.ModeSymlink | 0o777}, entry{"d", "bin", fs.ModeSymlink | 0o777}, entry{"bin/x", script, 0o644},
			entry{"venv/python3", "/usr/bin/python3", fs.ModeSymlink | 0o777}, entry{"up", "../../x", fs.ModeSymlink | 0o777}), false, []string{
			"drwxrwxr-x 65532:0 action/bin", "-rwxr-xr-x 65532:0 action/bin/x", "Lrwxrwxrwx 65532:0 action/d bin", "Lrwxrwxrwx 65532:0 action/exec d/x",
			"Lrwxrwxrwx 65532:0 action/up ../../x", "drwxrwxr-x 65532:0 action/venv", "Lrwxrwxrwx 65532:0 action/venv/python3 /usr/bin/python3"}},
		{"an interpreter of its own", zipped(entry{"exec", "#!/action/run\n", 0o755}, entry{"run", static, 0o755}), false, []string{
			"-rwxr-xr-x 65532:0 action/exec", "-rwxr-xr-x 65532:0 action/run"}},
		{"a later entry", zipped(entry{"exec", "", 0o644}, entry{"exec", script, 0o644}), false, []string{"-rwxr-xr-x 65532:0 action/exec"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := baked(t, test.content, alpine)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, describe(got.Files)); diff != "" {
				t.Error(diff)
			}
			if got.Serves != test.serves || got.Compiled {
				t.Errorf("serves %v, compiled %v", got.Serves, got.Compiled)
			}
		})
	}
}

func TestBakeRefuses(t *testing.T) {
	script := "#!/bin/sh\n"
	tests := []struct{ name, content, want string }{
		{"nothing", "", "the code is empty"},
		{"text", "echo hello\n", "the code is source without a #! line"},
		{"another machine", program(elf.EM_AARCH64, "", ""), "the program is built for arm64, this image runs on amd64 (Go: build it with GOOS=linux GOARCH=amd64): " +
			"build the image with --platform linux/arm64, or name the folder of a Go package"},
		{"a machine that is not built for", program(elf.EM_RISCV, "", ""), "the program is built for riscv64, this image runs on amd64"},
		{"a dynamic program", program(elf.EM_X86_64, "/lib64/ld-linux-x86-64.so.2", ""), `the program needs "/lib64/ld-linux-x86-64.so.2", which is not in this image (link it statically`},
		{"a program that is cut off", program(elf.EM_X86_64, "", "")[:40], "the ELF file is cut off"},
		{"a program for macOS", "\xcf\xfa\xed\xfe....", "the program is built for macOS or Windows"},
		{"a script without its interpreter", script, `the script needs "/bin/sh", which is not in this image`},
		{"a script through env", "#!/usr/bin/env bash\n", `the script needs "/usr/bin/env", which is not in this image`},
		{"a script with Windows line ends", "#!/bin/sh\r\n", "Windows line ends"},
		{"a script that names nothing", "#! \n", "names no interpreter"},
		{"no exec", zipped(entry{"main.go", "", 0o644}), `the archive has no exec at its top; it holds "main.go"`},
		{"exec in a folder", zipped(entry{"hello/exec", script, 0o755}), `no exec at its top but "hello/exec": pack what is in the folder`},
		{"exec is a folder", zipped(entry{"exec/", "", fs.ModeDir | 0o755}), "exec is a folder in the archive"},
		{"a file above a file", zipped(entry{"exec", script, 0o755}, entry{"exec/a", "", 0o644}), `the archive holds "exec/a" below "exec", which is a file in it too`},
		{"out of the folder", zipped(entry{"../exec", script, 0o755}), `"../exec", a name that leads out`},
		{"an absolute name", tarred(tar.Header{Name: "/exec", Typeflag: tar.TypeReg}), `"/exec", a name that leads out`},
		{"an exec out of the folder", zipped(entry{"exec", "/bin/sh", fs.ModeSymlink | 0o777}), "exec is a symlink that leads out of the action's folder"},
		{"an exec up and out", zipped(entry{"exec", "a/../../x", fs.ModeSymlink | 0o777}, entry{"a/b", "", 0o644}), "exec is a symlink that leads out of the action's folder"},
		{"an exec out by a chain", zipped(entry{"a", "/bin", fs.ModeSymlink | 0o777}, entry{"exec", "a/sh", fs.ModeSymlink | 0o777}), "exec is a symlink that leads out of the action's folder"},
		{"a file below a link", zipped(entry{"exec", script, 0o755}, entry{"a", "/etc", fs.ModeSymlink | 0o777}, entry{"a/b", "", 0o644}), `the archive holds "a/b" below the symlink "a"`},
		{"a link that leads to nothing", zipped(entry{"exec", script, 0o755}, entry{"a", "", fs.ModeSymlink | 0o777}), `the symlink "a" to "", which no symlink can lead to`},
		{"a link around in circles", zipped(entry{"exec", "exec", fs.ModeSymlink | 0o777}), "exec is a symlink in the archive that leads to no file"},
		{"a hard link", tarred(tar.Header{Name: "exec", Typeflag: tar.TypeLink, Linkname: "a"}), `the hard link "exec"`},
		{"a device", tarred(tar.Header{Name: "exec", Typeflag: tar.TypeChar}), `"exec", which is neither a file, a folder nor a symlink`},
		{"a damaged zip", "PK\x03\x04 and so on", "the zip archive is damaged"},
		{"a damaged tar.gz", "\x1f\x8b and so on", "the tar archive is damaged"},
		{"a cut off tar.gz", tarred(tar.Header{Name: "exec", Typeflag: tar.TypeReg, Uname: script})[:20], "the tar archive is damaged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := baked(t, test.content, Tree{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v, want %s", describe(got.Files), err, test.want)
			}
		})
	}
}

// TestBakeKnowsTheImage holds that a build looks for what an action needs where the proxy looks: also in the
// environment, and behind the words that env(1) is given.
func TestBakeKnowsTheImage(t *testing.T) {
	below := named(map[string]string{"bin/sh": "", "usr/bin/env": "", "opt/bin/tool": "", "lib/ld-musl-x86_64.so.1": ""})
	below.Entries = append(below.Entries, content.Entry{Path: "bin/plain", Type: tar.TypeReg, Mode: 0o644})
	dynamic := elfFile{machine: elf.EM_X86_64, loader: "/lib/ld-musl-x86_64.so.1", needed: []string{"libown.so.1"}}
	library := entry{"lib/libown.so.1", "", 0o644}
	ownPath := dynamic
	ownPath.runpath = "$ORIGIN/lib"
	for _, test := range []struct{ name, content, env, want string }{
		{"env with two words", "#!/usr/bin/env sh -x\n", "", `the script's first line gives env the one name "sh -x" (write #!/usr/bin/env -S sh …)`},
		{"env -S without a blank", "#!/usr/bin/env -Snosuchprog\n", "", `the script needs "nosuchprog", which is not in this image`},
		{"env -S of a known one", "#!/usr/bin/env -Ssh -x\n", "", ""},
		{"a program of the image's PATH", "#!/usr/bin/env tool\n", "PATH=/opt/bin", ""},
		{"a program of another PATH", "#!/usr/bin/env sh\n", "PATH=/opt/bin", `the script needs "sh"`},
		{"an interpreter that nobody may execute", "#!/bin/plain\n", "", `the script needs "/bin/plain"`},
		{"an interpreter behind a symlink that leads out", zipped(entry{"exec", "#!venv/python\n", 0o755}, entry{"venv/python", "/none", fs.ModeSymlink | 0o777}), "", ""},
		{"libraries by LD_LIBRARY_PATH", zipped(entry{"exec", dynamic.String(), 0o755}, library), "LD_LIBRARY_PATH=/action/lib", ""},
		{"libraries by a relative one", zipped(entry{"exec", dynamic.String(), 0o755}, library), "LD_LIBRARY_PATH=/none:lib", ""},
		{"libraries by the program", zipped(entry{"exec", ownPath.String(), 0o755}, library), "", ""},
		{"libraries that nothing leads to", zipped(entry{"exec", dynamic.String(), 0o755}, library), "", `the program needs "libown.so.1", which is not in this image`},
		{"no libraries", dynamic.String(), "LD_LIBRARY_PATH=/action/lib", `the program needs "libown.so.1"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := []string{"PATH=/usr/bin:/bin"}
			if test.env != "" {
				env = append([]string{test.env}, env...)
			}
			_, err := baked(t, test.content, NewTree(env, below))
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "there is no " + filepath.Join(dir, "none"),
		file:                       "name its folder, " + dir,
		os.DevNull:                 "is neither a folder nor a regular file",
	} {
		if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

func TestBakeCompilesAPackage(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":  "module example.org/action\n\ngo 1.26.0\n",
		"main.go": fmt.Sprintf("package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(%q) }\n", openwhisk.Marker),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	source, err := Open(dir, Options{Toolchain: runtime.Version()})
	if err != nil {
		t.Fatal(err)
	}
	for _, platform := range images.UsualPlatforms() {
		got, err := source.Bake(t.Context(), platform, Tree{})
		if err != nil {
			t.Fatal(err)
		}
		if !got.Serves || !got.Compiled {
			t.Errorf("serves %v, compiled %v", got.Serves, got.Compiled)
		}
		if diff := cmp.Diff([]string{"-rwxr-xr-x 65532:0 action/exec"}, describe(got.Files)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestZip(t *testing.T) {
	files := []layer.File{layer.Directory("action/d", 0o775), layer.Regular("action/d/\nü", 0o644, []byte("1")), layer.Regular("action/exec", 0o755, []byte("program")), layer.Symlink("action/l", "d/x")}
	packed, err := Zip(files, 1000)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Zip(files, 1000)
	if err != nil || !bytes.Equal(packed, again) {
		t.Errorf("the same files give other bytes (%v)", err)
	}
	if _, err := Zip(files, 100); !errors.Is(err, ErrTooLarge) {
		t.Errorf("in 100 bytes: %v", err)
	}
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range archive.File {
		got = append(got, fmt.Sprintf("%v %q", f.Mode(), f.Name))
	}
	if diff := cmp.Diff([]string{`drwxrwxr-x "d/"`, `-rw-r--r-- "d/\nü"`, `-rwxr-xr-x "exec"`, `Lrwxrwxrwx "l"`}, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzPlace holds that whatever an upload is, its files lie in the folder.
func FuzzPlace(f *testing.F) {
	f.Add([]byte(zipped(entry{"exec", "#!/bin/sh\n", 0o755}, entry{"a/b", "c", 0o644})))
	f.Add([]byte(tarred(tar.Header{Name: "exec", Typeflag: tar.TypeSymlink, Linkname: "a/../b"})))
	f.Add([]byte(program(elf.EM_X86_64, "/lib/ld.so", "")))
	f.Fuzz(func(t *testing.T, content []byte) {
		u := Tree{}.upload()
		_, _ = u.place(content, images.LinuxAMD64) // it says something or nothing, and ends
		for _, file := range u.files() {
			if below, ok := strings.CutPrefix(file.Path, Dir+"/"); !ok || !fs.ValidPath(below) || below == "." {
				t.Errorf("a file %q", file.Path)
			}
		}
	})
}
