//go:build linux

package action

import (
	"archive/tar"
	"debug/elf"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	proxy "github.com/sciabarracom/openwhisk-runtime-go/proxy/action"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// inRoot is the variable that makes this test a proxy in the root that it names.
const inRoot = "TEST_PROXY_IN_ROOT"

var every = flag.Bool("every", false, "ask the proxy about every upload in every environment, which takes minutes")

// question is an upload in an environment.
type question struct {
	Name, Upload string // base64
	Env          []string
}

func TestMain(m *testing.M) {
	if root := os.Getenv(inRoot); root != "" {
		answerInRoot(root)
		return
	}
	flag.Parse()
	os.Exit(m.Run())
}

// answerInRoot changes the root and answers questions on stdin with what the proxy says about each upload: "" where it
// is accepted.
func answerInRoot(root string) {
	var questions []question
	err := errors.Join(json.NewDecoder(os.Stdin).Decode(&questions), syscall.Chroot(root), os.Chdir("/"+Dir))
	if err != nil {
		panic(err)
	}
	answers := make([]string, len(questions))
	for i, q := range questions {
		var launchers, stemcell string
		for _, v := range q.Env {
			if value, ok := strings.CutPrefix(v, "OW_LAUNCHER="); ok {
				launchers = value
			}
			if value, ok := strings.CutPrefix(v, "OW_STEMCELL="); ok {
				stemcell = value
			}
		}
		folder := &proxy.Folder{Dir: "/" + Dir, Env: q.Env, Launchers: code.PickLaunchers(proxy.ReadLaunchers(launchers), stemcell), Limits: code.Limits{Code: 1 << 30, Unpacked: code.MostUnpacked, Entries: code.MostEntries}}
		upload, err := folder.Upload()
		if err != nil {
			panic(err)
		}
		if _, err := upload.Write([]byte(q.Upload)); err != nil {
			panic(err)
		}
		file, err := upload.Close(true)
		if err == nil {
			_, err = folder.Place(file)
		}
		if err != nil {
			answers[i] = err.Error()
		}
		folder.Settle(false)
		upload.Discard()
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}

// askProxy asks a proxy whose root has the files of layers.
func askProxy(t *testing.T, layers [][]layer.File, questions []question) (answers []string) {
	t.Helper()
	root := t.TempDir()
	for _, l := range layers {
		for _, f := range l {
			lay(t, root, f)
		}
	}
	self := exec.Command("/proc/self/exe")
	self.Env = append(os.Environ(), inRoot+"="+root)
	self.Stderr = os.Stderr
	if os.Getuid() != 0 {
		self.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}}
	}
	text, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	self.Stdin = strings.NewReader(string(text))
	out, err := self.Output()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("nobody may change the root here: ", err)
	}
	if err == nil {
		err = json.Unmarshal(out, &answers)
	}
	if err != nil || len(answers) != len(questions) {
		t.Fatalf("%d answers: %v", len(answers), err)
	}
	return answers
}

// lay puts a file of a layer below a root.
func lay(t *testing.T, root string, f layer.File) {
	t.Helper()
	name := filepath.Join(root, f.Path)
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	switch {
	case f.Mode.IsDir():
		err = errors.Join(err, os.MkdirAll(name, 0o755))
	case f.Mode.Type() == fs.ModeSymlink:
		err = errors.Join(err, os.Symlink(f.Link, name))
	case f.Link != "":
		err = errors.Join(err, os.Link(filepath.Join(root, f.Link), name))
	default:
		text := make([]byte, f.Size)
		in, openErr := f.Open()
		if openErr == nil {
			_, openErr = in.Read(text)
		}
		err = errors.Join(err, os.WriteFile(name, text, 0o644), os.Chmod(name, f.Mode))
		if f.Size > 0 {
			err = errors.Join(err, openErr)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func regular(name string, mode fs.FileMode, text ...string) layer.File {
	return layer.Regular(name, mode, []byte(strings.Join(text, "")))
}

// roots are the files of images, by layer.
func roots() map[string][][]layer.File {
	folder := []layer.File{layer.Directory(Dir, 0o775)}
	hard := layer.File{Path: "usr/bin/hard", Link: "usr/bin/env", Mode: 0o755}
	common := []layer.File{
		layer.Symlink("bin/sh", "/bin/busybox"), regular("bin/busybox", 0o4755), regular("usr/bin/env", 0o755), hard, layer.Symlink("bin/env", "../usr/bin/env"),
		regular("usr/bin/plain", 0o644), regular("opt/bin/tool", 0o701), layer.Symlink("loop", "loop"), layer.Symlink("opt/dangling", "/none"),
		layer.Symlink("opt/up", "../../../bin"), layer.Symlink("sbin", "usr/bin"), regular("opt/x/libx.so.1", 0o644), regular("opt/ds;x/liby.so.1", 0o644),
		regular("opt/one/stemcell", 0o644, "protocol actionloop\nmain a\nmain d/a\n"), regular("opt/two/stemcell", 0o644, "main l\nmain lib/libown.so\n"),
	}
	musl := append(slices.Clone(common), regular("lib/ld-musl-x86_64.so.1", 0o755), regular("lib/ld-musl-aarch64.so.1", 0o755), regular("usr/lib/libfoo.so.1", 0o644))
	told := append(slices.Clone(musl), regular("etc/ld-musl-x86_64.path", 0o644, "/opt/x\n/else:/lib\n"), regular("etc/ld-musl-aarch64.path", 0o644, "/opt/x:/lib"))
	glibc := append(slices.Clone(common), layer.Symlink("lib64", "usr/lib64"), regular("usr/lib64/ld-linux-x86-64.so.2", 0o755), regular("usr/lib/x86_64-linux-gnu/libfoo.so.1", 0o644),
		regular("etc/ld.so.conf", 0o644, "# folders\ninclude ld.so.conf.d/*.conf\n"), regular("etc/ld.so.conf.d/x.conf", 0o644, "/opt/x # here\n"), regular("etc/ld.so.conf.d/x.no", 0o644, "/opt"))
	return map[string][][]layer.File{"scratch": {folder}, "musl": {musl, folder}, "musl with a list": {told, folder}, "glibc": {glibc, folder}, "a baked library": {musl, {
		layer.Directory(Dir, 0o775), regular("action/lib/libbaked.so", 0o644), regular("action/run", 0o755), layer.Symlink("action/out", "/opt")}}}
}

var environments = [][]string{
	{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	{"PATH=/opt/bin:/action/bin:relative", "LD_LIBRARY_PATH=/action/lib"},
	{"LD_LIBRARY_PATH=lib:/opt/x;/opt"},
	{"PATH=", "LD_LIBRARY_PATH="},
	{"OW_LAUNCHER=/opt/one/launcher:/opt/two/launcher"},
	{"OW_LAUNCHER=/opt/one/launcher:/opt/two/launcher", "OW_STEMCELL=two"},
}

// scripts are first lines.
var scripts = []string{
	"/bin/sh", "/bin/sh -e", " \t/bin/sh \t-e ", "/bin/sh\r", "/bin/sh -e\r", "", "  ", "/bin/none", "/usr/bin", "/usr/bin/plain", "/opt/dangling", "/loop", "/loop/x", "/opt/up/sh",
	"/bin/busybox/x", "/usr/bin/hard", "/sbin/env sh", "/usr/bin/../bin/env sh", "bin/run", "./bin/run", "/action/bin/run", "/action/bin/../bin/run", "/action/none", "run", "out/bin/tool",
	"/actionx/run", "/action/../bin/sh", "../bin/sh", "venv/bin/python", "/action/venv/bin/python", "/bin/sh " + strings.Repeat("x", 600), "/" + strings.Repeat("x", 300), "/bin/s\x00h",
	"/usr/bin/env", "/usr/bin/env sh", "/usr/bin/env sh -x", "/usr/bin/env -S sh -x", "/usr/bin/env -Ssh -x", "/usr/bin/env -Snosuchprog", "/usr/bin/env -S nosuchprog", "/usr/bin/env -vS sh",
	"/usr/bin/env -vS none", "/usr/bin/env -S A=1 sh", "/usr/bin/env -S A=1 none", "/usr/bin/env A=1 sh", "/usr/bin/env A=1", "/usr/bin/env -i sh", "/usr/bin/env -u A none", "/usr/bin/env none",
	"/usr/bin/env tool", "/usr/bin/env run", "/usr/bin/env bin/run", "/usr/bin/env /bin/sh", "/usr/bin/env /bin/none", "/usr/bin/env plain", "/usr/bin/env none -x", "/bin/env sh\r", "/sbin/hard sh",
}

// programs are ELF files for this machine.
func programs() []string {
	machine := elf.EM_X86_64
	if runtime.GOARCH == "arm64" {
		machine = elf.EM_AARCH64
	}
	static := elfFile{machine: machine}.String()
	damaged := func(at int, with string) string { return static[:at] + with + static[at+len(with):] }
	all := []string{
		static, static[:30], static[:100], damaged(4, "\x01"), damaged(5, "\x02"), damaged(7, "\x09"), damaged(7, "\x03"), damaged(16, "\x01"), damaged(18, "\x03\x00"), damaged(18, "\xb7\x00"),
		damaged(18, "\x3e\x00"), damaged(18, "\xad\xde"), damaged(54, "\x20"), damaged(56, "\x00"), damaged(56, "\xff\xff"), damaged(32, "\xff\xff\xff\xff\xff"), elfFile{machine: elf.EM_RISCV}.String(),
	}
	for _, loader := range []string{"/lib/ld-musl-x86_64.so.1", "/lib64/ld-linux-x86-64.so.2", "/lib/none.so", "lib/ld.so", "/action/lib/ld.so"} {
		for _, needed := range [][]string{nil, {"libfoo.so.1"}, {"libx.so.1"}, {"libc.so", "libm.so.6"}, {"libown.so"}, {"libbaked.so"}, {"libc.musl-x86_64.so.1"}, {"lib/libown.so"}, {"/none/libx.so"}, {path.Base(loader)}, {"libnone.so"}} {
			all = append(all, elfFile{machine: machine, loader: loader, needed: needed}.String())
			if len(needed) == 0 {
				continue
			}
			for _, dirs := range []string{"$ORIGIN/lib", "${ORIGIN}/../action/lib", "/opt/x:/none", "/opt/$LIB", ":", "lib", "/action/out", "out/x", "$ORIGIN/venv/bin"} {
				all = append(all, elfFile{machine: machine, loader: loader, needed: needed, rpath: dirs}.String(), elfFile{machine: machine, loader: loader, needed: needed, runpath: dirs}.String())
			}
		}
	}
	return all
}

// uploads are files, alone and in archives with libraries, an interpreter and a symlink that leads out.
func uploads() map[string]string {
	all := map[string]string{"nothing": "", "source": "def main(): pass\n", "macOS": "\xcf\xfa\xed\xfe\x07", "Windows": "MZ\x90\x00\x03"}
	var files []string
	for _, line := range scripts {
		files = append(files, "#!"+line+"\necho\n")
	}
	for i, content := range append(append(files, "#!/bin/sh", "text"), programs()...) {
		name := fmt.Sprintf("%d %.60q", i, content)
		all[name] = content
		all[name+" in a zip"] = zipped(entry{"exec", content, 0o600}, entry{"lib/libown.so", "", 0o644}, entry{"lib/ld.so", "", 0o755}, entry{"bin/run", "#!/bin/sh\n", 0o755},
			entry{"venv/bin/python", "/usr/bin/python3", fs.ModeSymlink | 0o777})
		all[name+" in a tar.gz"] = tarred(tar.Header{Name: "./bin/run", Typeflag: tar.TypeReg, Mode: 0o644, Uname: "#!"}, tar.Header{Name: "real", Typeflag: tar.TypeReg, Uname: content},
			tar.Header{Name: "exec", Typeflag: tar.TypeSymlink, Linkname: "./lib/../real"}, tar.Header{Name: "lib/", Typeflag: tar.TypeDir}, tar.Header{Name: "run", Typeflag: tar.TypeReg, Mode: 0o4711})
	}
	random := rand.New(rand.NewSource(1))
	pick := func(of ...string) string { return of[random.Intn(len(of))] }
	for i := range 400 {
		var entries []entry
		var headers []tar.Header
		for range 1 + random.Intn(7) {
			name := pick("exec", "exec", "./exec", "a", "d", "d/", "d/a", "d/e/x", "l", "l/x", "exec/x", "..", "../x", "d/../x", "/x", ".", "a//b", `d\x`, "a/exec", `a\exec`, ".proxy-1", "d/.proxy-1", "x\x00y",
				strings.Repeat("d/", 101)+"x", strings.Repeat("x", 4097), "lib/libown.so")
			content := pick("#!/bin/sh\n", "#!d/a\n", "#!/action/l/x\n", "#!/usr/bin/env a\n", "x", "")
			target := pick("a", "d", "d/a", "exec", "..", "../..", "/bin/sh", "/action/a", "l", "none", "", strings.Repeat("x", 4096), "d/../a")
			mode := []fs.FileMode{0, 0o644, 0o777, fs.ModeSymlink | 0o777, fs.ModeDir | 0o755, fs.ModeNamedPipe | 0o644, fs.ModeSetuid | 0o755}[random.Intn(7)]
			kind := []byte{tar.TypeReg, tar.TypeReg, tar.TypeSymlink, tar.TypeDir, tar.TypeLink, tar.TypeFifo, tar.TypeChar}[random.Intn(7)]
			headers = append(headers, tar.Header{Name: name, Typeflag: kind, Linkname: target, Mode: int64(mode.Perm()), Uname: map[bool]string{true: content}[kind == tar.TypeReg]})
			if mode.Type() == fs.ModeSymlink {
				content = target
			}
			entries = append(entries, entry{name, content, mode})
		}
		packed := zipped(entries...)
		if i%2 == 0 {
			packed = tarred(headers...)
		}
		switch random.Intn(8) {
		case 0:
			packed = packed[:len(packed)-random.Intn(len(packed)/2)]
		case 1:
			at := random.Intn(len(packed))
			packed = packed[:at] + string(packed[at]^1) + packed[at+1:]
		}
		all[fmt.Sprintf("random %d: %.300q", i, fmt.Sprint(entries, headers))] = packed
	}
	return all
}

// TestBuildAgreesWithProxy holds that a build accepts for an image what the proxy accepts in a container of it, and
// refuses the rest with the proxy's words.
func TestBuildAgreesWithProxy(t *testing.T) {
	platform := images.Platform("linux/" + runtime.GOARCH)
	all := uploads()
	for name, files := range roots() {
		t.Run(name, func(t *testing.T) {
			var layers []layer.Layer
			maker := layer.NewMaker(time.Unix(0, 0), cache.Dir{})
			for i, f := range files {
				made, err := maker.New(t.Context(), fmt.Sprint("layer ", i), f)
				if err != nil {
					t.Fatal(err)
				}
				layers = append(layers, made)
			}
			var questions []question
			for _, env := range environments {
				for _, name := range slices.Sorted(maps.Keys(all)) {
					questions = append(questions, question{name, base64.StdEncoding.EncodeToString([]byte(all[name])), env})
				}
			}
			if !*every {
				rand.New(rand.NewSource(2)).Shuffle(len(questions), func(i, j int) { questions[i], questions[j] = questions[j], questions[i] })
				questions = questions[:150]
			}
			accepted, failed := 0, 0
			for i, want := range askProxy(t, files, questions) {
				q, got := questions[i], ""
				u := NewTree(q.Env, layers...).upload()
				if _, err := u.place([]byte(all[q.Name]), platform); err != nil {
					got = err.Error()
				}
				if got == "" {
					accepted++
				}
				if got != want {
					if failed++; failed < 20 {
						t.Errorf("%s with %q: the build says %q, the proxy %q", q.Name, q.Env, got, want)
					}
				}
			}
			t.Logf("of %d uploads %d were accepted", len(questions), accepted)
			if accepted < len(questions)/50 || accepted > len(questions)/2 {
				t.Errorf("of %d uploads %d were accepted: not much of a test", len(questions), accepted)
			}
		})
	}
}
