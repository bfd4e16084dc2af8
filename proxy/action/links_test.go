//go:build linux

package action

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

func TestWithin(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "d", "e"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "d", "f"), nil, 0o644))
	for name, target := range map[string]string{
		"up": "..", "abs": "/etc", "own": dir + "/d", "tod": "d", "d/e/top": "../..", "d/e/over": "../../..", "chain": "tod/e/top/d/f",
		"loop": "loop", "into": "d/./e/../f", "out": "up/x", "dangling": "none", "d/back": "../up/" + filepath.Base(dir) + "/d",
	} {
		must(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	for name, want := range map[string]any{
		"": "", ".": "", "d": "/d", "/d//e/": "/d/e", "d/..": "", "tod/f": "/d/f", "d/e/top": "", "d/e/top/tod/e": "/d/e", "chain": "/d/f", "into": "/d/f",
		"..": code.ErrLeadsOut, "up": code.ErrLeadsOut, "d/../..": code.ErrLeadsOut, "abs": code.ErrLeadsOut, "abs/passwd": code.ErrLeadsOut, "own": code.ErrLeadsOut, "own/f": code.ErrLeadsOut,
		"d/e/over": code.ErrLeadsOut, "out": code.ErrLeadsOut, "d/back": code.ErrLeadsOut, "d/back/f": code.ErrLeadsOut, "up/../../etc": code.ErrLeadsOut,
		"none": nil, "dangling": nil, "loop": nil, "d/f/x": nil, // there is no such file
	} {
		got, err := code.Within(disk, dir, name)
		if text, ok := want.(string); ok {
			if err != nil || got != dir+text {
				t.Errorf("%q: got %q, %v; want %q", name, got, err, text)
			}
		} else if err == nil || (err == code.ErrLeadsOut) != (want != nil) || got != "" {
			t.Errorf("%q: got %q, %v; want %v", name, got, err, want)
		}
	}
}

// A script or program that needs what a symlink of its archive has from elsewhere is not refused: the kernel will tell.
func TestNeedsBehindSymlinks(t *testing.T) {
	for _, first := range []string{"#!DIR/venv/bin/python", "#!venv/bin/python", "#!/usr/bin/env venv/bin/python", "#!/usr/bin/env python", "#!DIR/venv/../venv/bin/python"} {
		f := newTestFolder(t)
		f.Env = []string{"PATH=" + f.Dir + "/venv/bin:/none"}
		content := strings.ReplaceAll(first, "DIR", f.Dir) + "\n"
		for target, good := range map[string]bool{"/no/such/program": true, "../../../../x": true, "nothing": false} {
			_, err := place(t, f, zipOf(t, entry{name: "exec", content: content}, symlink("venv/bin/python", target)))
			if good != (err == nil) {
				t.Errorf("%s with python -> %s: %v", first, target, err)
			}
		}
		_, err := place(t, f, zipOf(t, entry{name: "exec", content: content}, symlink("venv", "/no/such/folder")))
		must(t, err)
	}
}

func TestMainFilesThatAreSymlinks(t *testing.T) {
	for _, format := range formats {
		f := newTestFolder(t)
		f.Launchers = []code.Launcher{{Path: "/bin/launcher", Name: "x", Main: []string{"main.x", "x/main.x"}}}
		e, err := place(t, f, format.pack(t, file("src/real.x", "x"), symlink("main.x", "src/real.x")))
		must(t, err)
		if want := []string{filepath.Join(f.Dir, "main.x")}; e.Launcher == nil || !slices.Equal(e.Args, want) {
			t.Errorf("placed as %+v", e)
		}
		for _, entries := range [][]entry{
			{symlink("main.x", "/etc/passwd")}, {symlink("main.x", "../../etc/passwd")}, {symlink("l", "/etc"), symlink("main.x", "l/passwd")},
			{symlink("x", "/etc")}, {symlink("main.x", "/no/such/file")},
		} {
			_, err := place(t, f, format.pack(t, entries...))
			if err == nil || !strings.Contains(err.Error(), "main.x is a symlink that leads out") {
				t.Errorf("%v: %v", entries, err)
			}
		}
	}
}

// What ActionLoop's proxy does with the files of an upload follows no symlink out of it either.
// Sources in a folder that is a symlink to one get numbers of their own.
func TestSourcesBehindASymlink(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "action")
	if err := os.Symlink(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	f := &Folder{Dir: dir, Limits: testLimits}
	for want := 1; want <= 3; want++ {
		upload, err := uploaded(t, dir, []byte("#!/bin/sh\n")).Close(true)
		if err != nil {
			t.Fatal(err)
		}
		s, err := f.Source(upload, "")
		if err != nil {
			t.Fatal(err)
		}
		if number := strconv.Itoa(want); s.Root != filepath.Join(dir, number) {
			t.Errorf("it is in %s, want %s", s.Root, number)
		}
	}
}

func TestSourcesWithSymlinks(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	must(t, os.WriteFile(elsewhere, []byte(script), 0o600))
	source := func(entries ...entry) (*Folder, *Source, error) {
		f := newTestFolder(t)
		u := uploaded(t, f.Dir, zipOf(t, entries...))
		defer u.Discard()
		upload, err := u.Close(true)
		must(t, err)
		s, err := f.Source(upload, "")
		return f, s, err
	}
	for name, entries := range map[string][]entry{
		"exec":          {symlink("exec", elsewhere)},
		"through a dir": {symlink("d", filepath.Dir(elsewhere)), symlink("exec", "d/elsewhere")},
	} {
		f, _, err := source(entries...)
		if err == nil || !strings.Contains(err.Error(), "exec is a symlink that leads out") {
			t.Errorf("%s: %v", name, err)
		}
		if left := tree(t, f.Dir); len(left) != 0 {
			t.Errorf("%s: it left %q", name, left)
		}
	}
	f, s, err := source(program("real"), symlink("exec", "real"), symlink("exec.env", elsewhere), symlink("l", elsewhere))
	must(t, err)
	if !s.Compiled() {
		t.Error("a symlink to a script is not taken for one")
	}
	must(t, s.AsItIs())
	if text := s.ExecutionEnv(); text != nil {
		t.Errorf("it read %q", text)
	}
	_, err = f.Checked(s)
	must(t, err)
	// A compiler of the image may lead to a program of the image. That is not made executable.
	must(t, os.Remove(s.Exec()))
	must(t, os.Symlink(elsewhere, s.Exec()))
	if e, err := f.Checked(s); err != nil || e.Path != s.Exec() || !s.Built() {
		t.Errorf("%+v, %v", e, err)
	}
	if stat, err := os.Stat(elsewhere); err != nil || stat.Mode() != 0o600 {
		t.Errorf("its mode is %v, %v", stat.Mode(), err)
	}
}

// outside is a folder beside that of an action, with what symlinks lead to.
type outside struct {
	base, dir string
	inotify   int
}

func newOutside(t *testing.T, there bool) *outside {
	o := &outside{base: t.TempDir()}
	o.dir = filepath.Join(o.base, "out")
	must(t, os.MkdirAll(filepath.Join(o.base, "in", "action"), 0o755))
	var err error
	o.inotify, err = syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	must(t, err)
	if !there {
		return o
	}
	must(t, os.MkdirAll(filepath.Join(o.dir, "bin"), 0o755))
	for _, name := range []string{"exec", "exec.env", "main.x", "bin/sh", "bin/exec", "x", "../x", "../in/x"} {
		must(t, os.WriteFile(filepath.Join(o.dir, name), []byte("#!/bin/sh\n"), 0o750))
	}
	for _, name := range []string{".", "bin", "exec", "exec.env", "main.x", "bin/sh", "bin/exec", "x", "../x", "../in/x"} {
		_, err := syscall.InotifyAddWatch(o.inotify, filepath.Join(o.dir, name), syscall.IN_ALL_EVENTS)
		must(t, err)
	}
	return o
}

// touched reports whether anything outside was opened, read, written or changed since it was made.
func (o *outside) touched() bool {
	n, _ := syscall.Read(o.inotify, make([]byte, 4096))
	return n > 0
}

// TestSymlinksOfRandomArchives places archives made at random, one over the other, in two worlds: one has what symlinks
// lead to outside, the other does not. Nothing outside is opened or changed, and what comes of an archive is the same
// in both, so that nothing was looked at either.
func TestSymlinksOfRandomArchives(t *testing.T) {
	rounds := 120
	if testing.Short() {
		rounds = 50
	}
	accepted, out := 0, 0
	for seed := range rounds {
		var outcomes [2][]string
		for world := range outcomes {
			o := newOutside(t, world == 0)
			random := rand.New(rand.NewSource(int64(seed)))
			f := &Folder{Dir: filepath.Join(o.base, "in", "action"), Limits: testLimits, Beside: random.Intn(2) == 0}
			f.Env = []string{"PATH=" + f.Dir + "/l:" + f.Dir + "/d/l:/usr/bin:/bin", "LD_LIBRARY_PATH=l"}
			f.Launchers = []code.Launcher{{Path: "/bin/sh", Name: "x", Main: []string{"main.x"}}}
			if random.Intn(2) == 0 {
				must(t, os.WriteFile(filepath.Join(f.Dir, "exec"), []byte(script), 0o755))
				must(t, os.Mkdir(filepath.Join(f.Dir, "d"), 0o755))
			}
			for range 3 {
				entries := randomEntries(random, f.Dir, o)
				what := placedAtRandom(t, random, f, formats[random.Intn(2)].pack(t, entries...))
				if o.touched() {
					t.Fatalf("seed %d: something outside was opened or changed by %v", seed, entries)
				}
				outcomes[world] = append(outcomes[world], strings.ReplaceAll(what, o.base, "BASE"))
			}
			syscall.Close(o.inotify)
			if strings.Contains(outcomes[world][2], "leads out") {
				out++
			}
			if !strings.Contains(outcomes[world][2], "refused") {
				accepted++
			}
		}
		if !slices.Equal(outcomes[0], outcomes[1]) {
			t.Fatalf("seed %d: with what symlinks lead to\n%.3000q\nwithout\n%.3000q", seed, outcomes[0], outcomes[1])
		}
	}
	if accepted < rounds/10 || out == 0 {
		t.Errorf("of %d archives %d were accepted and %d refused for what leads out: not much of a test", 2*rounds, accepted, out)
	}
}

func randomEntries(random *rand.Rand, dir string, o *outside) []entry {
	pick := func(of ...string) string { return of[random.Intn(len(of))] }
	var entries []entry
	for range 1 + random.Intn(9) {
		name := pick("exec", "exec", "a", "l", "l", "d", "d/a", "d/l", "d/e/x", "exec.env", "main.x", "l/x", "d/l/exec", "lib.so")
		switch random.Intn(6) {
		case 0:
			entries = append(entries, folder(name+"/"))
		case 1, 2:
			first := pick("/bin/sh", dir+"/l/sh", "l/sh", "d/l", dir+"/d/l/exec", "/usr/bin/env sh", "/usr/bin/env l/sh", "/usr/bin/env exec", "/no/such", "l")
			entries = append(entries, entry{name: name, content: "#!" + first + "\n", mode: 0o644})
		default:
			target := pick("a", "l", "d", "d/e", "exec", "main.x", "..", "../..", "../x", "../../x", "../out", "../../out/exec", o.dir, o.dir+"/bin", o.dir+"/bin/sh", o.dir+"/exec",
				o.dir+"/main.x", o.dir+"/exec.env", "l/exec", "l/bin", "d/l/exec", "l/../x", "d/../../x", dir+"/a", "/", "./a")
			entries = append(entries, symlink(name, target))
		}
	}
	return entries
}

// placedAtRandom places an upload in one of the ways that there are, and tells what came of it.
func placedAtRandom(t *testing.T, random *rand.Rand, f *Folder, content []byte) string {
	if random.Intn(2) == 0 {
		e, err := place(t, f, content)
		if err != nil {
			return "refused: " + err.Error()
		}
		if e.Launcher == nil && !f.Beside {
			LinksLibrary(e.Path)
		}
		f.Baked()
		return fmt.Sprint(e.Path, e.Args, tree(t, f.Dir))
	}
	u := uploaded(t, f.Dir, content)
	defer u.Discard()
	upload, err := u.Close(true)
	must(t, err)
	s, err := f.Source(upload, "exec.jar")
	if err != nil {
		return "refused: " + err.Error()
	}
	defer s.Remove()
	text := fmt.Sprint(s.Compiled())
	must(t, s.AsItIs())
	text += fmt.Sprint(s.Built(), string(s.ExecutionEnv()))
	e, err := f.Checked(s)
	text += fmt.Sprint(e, err, tree(t, s.Bin))
	var packed bytes.Buffer
	must(t, Pack(&packed, s.Bin))
	return text + fmt.Sprint(packed.Len())
}

// What Pack writes unpacks to what it packed: empty folders, symlinks and modes too; every exec is executable.
func TestPackKeepsAll(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"empty", "d/empty/below", "d/full"} {
		must(t, os.MkdirAll(filepath.Join(dir, name), 0o755))
	}
	for name, mode := range map[string]os.FileMode{"exec": 0o600, "tool": 0o755, "text": 0o644, "d/full/exec": 0o644, "d/full/only-owner": 0o700} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(script), mode))
	}
	for name, target := range map[string]string{"l": "tool", "out": "/usr/bin/python3", "d/exec": "/no/such"} {
		must(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	var packed bytes.Buffer
	must(t, Pack(&packed, dir))
	archive, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
	must(t, err)
	modes := map[string]string{}
	for _, f := range archive.File {
		modes[f.Name] = f.Mode().String()
		if in, err := f.Open(); err != nil {
			t.Error(err)
		} else if _, err := io.ReadAll(in); err != nil {
			t.Error(err)
		}
	}
	want := map[string]string{
		"empty/": "drwxr-xr-x", "d/": "drwxr-xr-x", "d/empty/": "drwxr-xr-x", "d/empty/below/": "drwxr-xr-x", "d/full/": "drwxr-xr-x",
		"exec": "-rwxr-xr-x", "tool": "-rwxr-xr-x", "text": "-rw-r--r--", "d/full/exec": "-rwxr-xr-x", "d/full/only-owner": "-rwx------",
		"l": "Lrwxrwxrwx", "out": "Lrwxrwxrwx", "d/exec": "Lrwxrwxrwx",
	}
	if !maps.Equal(modes, want) {
		t.Errorf("packed\n%q\nwant\n%q", modes, want)
	}
	f := newTestFolder(t)
	_, err = place(t, f, packed.Bytes())
	must(t, err)
	if got := tree(t, f.Dir); got["empty"] != "folder" || got["d/empty/below"] != "folder" || got["out"] != "-> /usr/bin/python3" {
		t.Errorf("unpacked to %q", got)
	}
}

// An archive without exec lies beside the program of the image, where that is asked for.
func TestArchivesBesideABakedProgram(t *testing.T) {
	for _, format := range formats {
		f := newTestFolder(t)
		elsewhere := t.TempDir()
		f.Beside = true
		baked := map[string]string{"exec": script, "lib/a": "A", "lib/b": "B", "file": "F"}
		must(t, os.Mkdir(filepath.Join(f.Dir, "lib"), 0o755))
		for name, content := range baked {
			must(t, os.WriteFile(filepath.Join(f.Dir, name), []byte(content), 0o755))
		}
		must(t, os.Symlink(elsewhere, filepath.Join(f.Dir, "link")))
		before := tree(t, f.Dir)
		data := format.pack(t, file("data", "D"), file("lib/b", "new"), file("lib/c", "C"), file("lib/deep/d", "D"), folder("file/"), file("link/x", "X"))
		e, err := place(t, f, data)
		must(t, err)
		want := maps.Clone(before)
		maps.Copy(want, map[string]string{
			"data": "-rw-r--r-- D", "lib/b": "-rw-r--r-- new", "lib/c": "-rw-r--r-- C", "lib/deep": "folder", "lib/deep/d": "-rw-r--r-- D", "file": "folder",
			"link": "folder", "link/x": "-rw-r--r-- X", // in the place of the symlink, not through it
		})
		if got := tree(t, f.Dir); !maps.Equal(got, want) || e.Path != filepath.Join(f.Dir, "exec") || e.Launcher != nil {
			t.Errorf("%s: %+v, there is\n%q\nwant\n%q", format.name, e, got, want)
		}
		if left := tree(t, elsewhere); len(left) != 0 {
			t.Errorf("written through a symlink of the image: %q", left)
		}
		// Again, and undone.
		u := uploaded(t, f.Dir, format.pack(t, file("lib/b", "newer"), file("lib/deep/d", "x"), file("data/x", "x"), symlink("lib/a", "/x")))
		upload, err := u.Close(true)
		must(t, err)
		_, err = f.Place(upload)
		must(t, err)
		f.Settle(false)
		u.Discard()
		if got := tree(t, f.Dir); !maps.Equal(got, want) {
			t.Errorf("%s: undone, there is\n%q\nwant\n%q", format.name, got, want)
		}
		// What an archive brings for exec is not passed over.
		for _, entries := range [][]entry{{symlink("exec", "nothing")}, {folder("exec/")}, {symlink("exec", "/bin/sh")}} {
			if _, err := place(t, f, format.pack(t, entries...)); err == nil {
				t.Errorf("%v was accepted", entries)
			}
		}
		if got := tree(t, f.Dir); !maps.Equal(got, want) {
			t.Errorf("%s: refused, there is\n%q\nwant\n%q", format.name, got, want)
		}
		// One with an exec takes its place.
		_, err = place(t, f, format.pack(t, entry{name: "exec", content: script + "# other\n", mode: fs.ModePerm}))
		must(t, err)
		if got := tree(t, f.Dir); got["exec"] != "-rwxr-xr-x "+script+"# other\n" || got["data"] != "" || got["lib/c"] != "" || got["lib/a"] == "" {
			t.Errorf("%s: replaced, there is %q", format.name, got)
		}
	}
	f := newTestFolder(t)
	f.Beside = true
	_, err := place(t, f, zipOf(t, file("data", "D")))
	if err == nil || !strings.Contains(err.Error(), "no exec at its top") {
		t.Errorf("nothing baked: %v", err)
	}
}
