//go:build linux

package action

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// An upload replaces the last one's files and what has the same name, and no others.
func TestUploadsReplaceEachOther(t *testing.T) {
	f := newTestFolder(t)
	must(t, os.WriteFile(filepath.Join(f.Dir, "exec"), []byte("baked"), 0o755))
	must(t, os.WriteFile(filepath.Join(f.Dir, "config"), []byte("baked"), 0o644))
	must(t, os.MkdirAll(filepath.Join(f.Dir, "lib", "deep"), 0o755))

	first := zipOf(t, program("exec"), file("lib/a", "1"), file("only-first/b", "1"))
	second := tarGzOf(t, program("exec"), file("lib", "now a file"), symlink("link", "lib"))
	third := []byte("#!/bin/sh\necho third\n")
	for _, step := range []struct {
		upload []byte
		want   map[string]string
	}{
		{first, map[string]string{"exec": "-rwxr-xr-x " + script, "config": "-rw-r--r-- baked", "lib": "folder", "lib/a": "-rw-r--r-- 1", "only-first": "folder", "only-first/b": "-rw-r--r-- 1"}},
		{second, map[string]string{"exec": "-rwxr-xr-x " + script, "config": "-rw-r--r-- baked", "lib": "-rw-r--r-- now a file", "link": "-> lib"}},
		{third, map[string]string{"exec": "-rwxr-xr-x " + string(third), "config": "-rw-r--r-- baked"}},
	} {
		_, err := place(t, f, step.upload)
		must(t, err)
		if got := tree(t, f.Dir); !maps.Equal(got, step.want) {
			t.Fatalf("there is\n%q\nwant\n%q", got, step.want)
		}
	}
}

// Settle(false) gives the folder back what it held, again and again (rule 15).
func TestSettleRestores(t *testing.T) {
	f := newTestFolder(t)
	_, err := place(t, f, zipOf(t, program("exec"), file("lib/a", "1"), symlink("l", "lib")))
	must(t, err)
	before := tree(t, f.Dir)
	for _, upload := range [][]byte{
		[]byte(script + "# another\n"),
		zipOf(t, program("exec"), file("lib", "2")),
		tarGzOf(t, program("exec"), file("new/a", "2"), file("l", "2")),
	} {
		u := uploaded(t, f.Dir, upload)
		file, err := u.Close(true)
		must(t, err)
		_, err = f.Place(file)
		must(t, err)
		if maps.Equal(tree(t, f.Dir), before) {
			t.Error("nothing was placed")
		}
		f.Settle(false)
		u.Discard()
		if got := tree(t, f.Dir); !maps.Equal(got, before) {
			t.Errorf("there is\n%q\nwant\n%q", got, before)
		}
	}
	// The last upload that was accepted is still known: the next replaces it.
	_, err = place(t, f, []byte(script))
	must(t, err)
	if got := tree(t, f.Dir); len(got) != 1 {
		t.Errorf("left of an earlier upload: %q", got)
	}
	f.Settle(false) // nothing to settle
	if got := tree(t, f.Dir); len(got) != 1 {
		t.Errorf("settled twice: %q", got)
	}
}

func TestUploadsThatCannotRun(t *testing.T) {
	for name, c := range map[string]struct{ upload, want string }{
		"source":           {"def main(): pass\n", "source without a #! line"},
		"Mach-O":           {"\xcf\xfa\xed\xfe\x07", "macOS or Windows"},
		"half an ELF":      {"\x7fELF", "cut off"},
		"no gzip":          {"\x1f\x8b\x08", "cut off"},
		"gzip of no tar":   {string(gzipped(t, []byte(strings.Repeat("x", 1000)))), "the tar archive is damaged: a header's checksum is wrong"},
		"gzip of a script": {string(gzipped(t, []byte(script))), "the tar archive is damaged: it is cut off"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, []byte(c.upload), c.want) })
	}
	f := newTestFolder(t)
	if _, err := place(t, f, nil); err == nil || err.Error() != "the code is empty" {
		t.Errorf("nothing: %v", err)
	}
}

func TestFolderThatIsMountedNoexec(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOEXEC, "size=1m"); err != nil {
		t.Skip("cannot mount: ", err)
	}
	defer syscall.Unmount(dir, 0)
	f := &Folder{Dir: dir, Limits: testLimits}
	_, err := place(t, f, []byte(script))
	isOneLine(t, err)
	if want := dir + " is mounted noexec, so nothing in it can run (start the container with --tmpfs " + dir + ":exec,uid="; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
	u := uploaded(t, dir, zipOf(t, program("exec"), file("f", strings.Repeat("x", 2<<20))))
	file, err := u.Close(true)
	must(t, err)
	_, err = f.Place(file)
	u.Discard()
	isOneLine(t, err)
	if !strings.Contains(err.Error(), "no space left on device (make room, or send less)") {
		t.Errorf("full: %v", err)
	}
	if left := tree(t, dir); len(left) != 0 {
		t.Errorf("left %q", left)
	}
}

// Compilers of other runtimes add an exec for their own image, which is passed over where only the main file can run.
func TestMainFileBesideAnExecOfAnotherImage(t *testing.T) {
	const foreign = "#!/nowhere/bash\nexec python exec__.x\n"
	for name, test := range map[string]struct {
		archive []byte
		args    []string // nil where exec is run
		err     string
	}{
		"exec of another image": {zipOf(t, file("exec", foreign), file("main.x", "1")), []string{"main.x"}, ""},
		"exec that runs here":   {zipOf(t, program("exec"), file("main.x", "1")), nil, ""},
		"no main file":          {zipOf(t, file("exec", foreign), file("other.x", "1")), nil, `needs "/nowhere/bash", which is not in this image`},
	} {
		t.Run(name, func(t *testing.T) {
			f := newTestFolder(t)
			f.Launchers = []code.Launcher{{Path: "/bin/sh", Name: "x", Main: []string{"main.x"}}}
			e, err := place(t, f, test.archive)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %q", err, test.err)
				}
				return
			}
			must(t, err)
			if len(test.args) != len(e.Args) || (len(e.Args) > 0 && e.Args[0] != filepath.Join(f.Dir, test.args[0])) || (e.Launcher != nil) != (test.args != nil) {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// The function that an image brings is found as one in an archive is.
func TestBakedFunction(t *testing.T) {
	launchers := []code.Launcher{{Path: "/bin/x", Name: "x", Main: []string{"main.x", "alt.x"}}, {Path: "/bin/y", Name: "y", Main: []string{"main.y"}}}
	for name, test := range map[string]struct {
		files          map[string]string // what begins with -> is a symlink
		launcher, file string            // "" for none
		err            string
	}{
		"nothing":            {nil, "", "", ""},
		"a main file":        {map[string]string{"main.y": "1", "other.x": "1"}, "/bin/y", "main.y", ""},
		"the first of two":   {map[string]string{"main.x": "1", "alt.x": "1"}, "/bin/x", "main.x", ""},
		"of two languages":   {map[string]string{"alt.x": "1", "main.y": "1"}, "", "", "there are two main files, alt.x for x and main.y for y (keep one of them, or set OW_STEMCELL in the image)"},
		"of another name":    {map[string]string{"main.y": "->greet.y", "greet.y": "1"}, "/bin/y", "greet.y", ""},
		"beside a program":   {map[string]string{"main.y": "1", "exec": "#!/bin/sh\n"}, "", "", ""},
		"beside another's":   {map[string]string{"main.y": "1", "exec": "#!/nowhere/sh\n"}, "/bin/y", "main.y", ""},
		"one that leads out": {map[string]string{"main.y": "->/etc/passwd"}, "", "", "main.y is a symlink that leads out of the action's folder: pack the file itself"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newTestFolder(t)
			f.Launchers = launchers
			for name, content := range test.files {
				if target, ok := strings.CutPrefix(content, "->"); ok {
					must(t, os.Symlink(target, filepath.Join(f.Dir, name)))
				} else {
					must(t, os.WriteFile(filepath.Join(f.Dir, name), []byte(content), 0o755))
				}
			}
			e, err := f.Baked()
			switch {
			case test.err != "":
				if err == nil || err.Error() != test.err {
					t.Errorf("got %v, want %q", err, test.err)
				}
			case err != nil:
				t.Error(err)
			case test.launcher == "":
				if e != nil && e.Launcher != nil {
					t.Errorf("got %+v", e)
				}
			case e == nil || e.Path != test.launcher || e.Args[0] != filepath.Join(f.Dir, test.file):
				t.Errorf("got %+v", e)
			}
		})
	}
}
