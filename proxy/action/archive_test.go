//go:build linux

package action

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestArchivesAreUnpacked(t *testing.T) {
	deep := "a/" + strings.Repeat("long/", 40) + "file"
	long := strings.Repeat("n", 200)
	entries := []entry{
		folder("lib/"), file("lib/a.txt", "A"),
		file("implied/folder/b.txt", "B"), // rule 13: without an entry for its folders
		file("./dotted/./c.txt", "C"),
		{name: "exec", content: script, mode: 0o600}, // rule 13: made executable
		{name: "tool", content: "T", mode: 0o4777},
		symlink("virtualenv/bin/python3", "/usr/bin/python3"), symlink("out", "../x"), symlink("a/link", "../../x"), symlink("chain", "out/y"),
		symlink("back", "../action/lib"), symlink("root", "/"), file("root", "a file now"),
		symlink("up", "lib/a.txt"), symlink("implied/top", "../lib"), symlink("self", "."), symlink("dangling", "nowhere"),
		file("twice", "first"), file("twice", "second"),
		file("was-link", "x"), symlink("turns", "lib/a.txt"), file("turns", "a file now"),
		file(deep, "D"), file(long, "L"), file("❄ ☃.txt", "snow"), file("bytes\xff", "no UTF-8"),
		file("large", strings.Repeat("0123456789", 30000)), file("empty", ""),
	}
	want := map[string]string{
		"lib": "folder", "lib/a.txt": "-rw-r--r-- A",
		"implied": "folder", "implied/folder": "folder", "implied/folder/b.txt": "-rw-r--r-- B",
		"dotted": "folder", "dotted/c.txt": "-rw-r--r-- C",
		"exec": "-rwxr-xr-x " + script, "tool": "-rwxr-xr-x T",
		"virtualenv": "folder", "virtualenv/bin": "folder", "virtualenv/bin/python3": "-> /usr/bin/python3", "out": "-> ../x", "a/link": "-> ../../x",
		"chain": "-> out/y", "back": "-> ../action/lib", "root": "-rw-r--r-- a file now",
		"up": "-> lib/a.txt", "implied/top": "-> ../lib", "self": "-> .", "dangling": "-> nowhere",
		"twice": "-rw-r--r-- second", "was-link": "-rw-r--r-- x", "turns": "-rw-r--r-- a file now",
		deep: "-rw-r--r-- D", long: "-rw-r--r-- L", "❄ ☃.txt": "-rw-r--r-- snow", "bytes\xff": "-rw-r--r-- no UTF-8",
		"large": "-rw-r--r-- " + strings.Repeat("0123456789", 30000), "empty": "-rw-r--r-- ",
	}
	for dir := filepath.Dir(deep); dir != "."; dir = filepath.Dir(dir) {
		want[dir] = "folder"
	}
	for _, format := range formats {
		t.Run(format.name, func(t *testing.T) {
			f := newTestFolder(t)
			executable, err := place(t, f, format.pack(t, entries...))
			must(t, err)
			if executable.Path != filepath.Join(f.Dir, "exec") || executable.Dir != f.Dir {
				t.Errorf("placed as %+v", executable)
			}
			if got := tree(t, f.Dir); !maps.Equal(got, want) {
				t.Errorf("unpacked to\n%.9000q\nwant\n%.9000q", got, want)
			}
		})
	}
}

// Nothing of a refused archive stays, and nothing outside of the folder changes (rules 15 and 16).
func TestHostileArchivesAreRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		entries []entry
		want    string // part of the reason
	}{
		{"parent", []entry{file("../evil", "x")}, `"../evil", a name that leads out`},
		{"parent within", []entry{file("a/../../evil", "x")}, "leads out"},
		{"parent that stays inside", []entry{file("a/../b", "x")}, "leads out"},
		{"parent as the whole name", []entry{folder("../")}, "leads out"},
		{"absolute", []entry{file("/tmp/evil", "x")}, `"/tmp/evil", a name that leads out`},
		{"absolute folder", []entry{folder("/evil/")}, "leads out"},
		{"file through a symlink", []entry{folder("d/"), symlink("l", "d"), file("l/file", "x")}, `"l/file" below the symlink "l"`},
		{"folder through a symlink", []entry{folder("d/"), symlink("l", "d"), folder("l/sub/")}, "below the symlink"},
		{"folder that is a symlink", []entry{folder("d/"), symlink("l", "d"), folder("l/")}, "below the symlink"},
		{"file through a symlink that leads out", []entry{symlink("l", "../.."), file("l/x", "x")}, `"l/x" below the symlink "l"`},
		{"file through an absolute symlink", []entry{symlink("l", "/tmp"), file("l/x", "x")}, `"l/x" below the symlink "l"`},
		{"file through a chain of symlinks", []entry{symlink("a", ".."), symlink("l", "a/.."), file("l/x", "x")}, `"l/x" below the symlink "l"`},
		{"folder through a symlink that leads out", []entry{symlink("l", "../.."), folder("l/d/")}, `"l/d" below the symlink "l"`},
		{"folder that is a symlink that leads out", []entry{symlink("l", "../.."), folder("l/")}, "below the symlink"},
		{"symlink through a symlink that leads out", []entry{symlink("l", "../.."), symlink("l/m", "x")}, `"l/m" below the symlink "l"`},
		{"file in a folder through a symlink", []entry{symlink("d/l", "../../.."), file("d/l/e/x", "x")}, `"d/l/e/x" below the symlink "d/l"`},
		{"exec that leads out", []entry{file("real", script), symlink("exec", "/bin/sh")}, "exec is a symlink that leads out"},
		{"exec that leads to a parent", []entry{symlink("exec", "../../x")}, "exec is a symlink that leads out"},
		{"exec that leads nowhere, outside", []entry{symlink("exec", "/no/such/file")}, "exec is a symlink that leads out"},
		{"exec that leads out and back", []entry{program("real"), symlink("exec", "../.proxy-1/real")}, "exec is a symlink that leads out"},
		{"exec that leads out through a folder", []entry{symlink("d", "/bin"), symlink("exec", "d/sh")}, "exec is a symlink that leads out"},
		{"exec that leads out through a chain", []entry{symlink("a", "b"), symlink("b", "d/../c"), folder("d/"), symlink("c", "/bin/sh"), symlink("exec", "a")}, "exec is a symlink that leads out"},
		{"exec that leads to itself", []entry{symlink("a", "exec"), symlink("exec", "a")}, "exec is a symlink in the archive that leads to no file"},
		{"exec that leads to a folder", []entry{folder("d/"), symlink("exec", "d")}, "exec is a symlink in the archive that leads to no file"},
		{"empty symlink", []entry{symlink("l", "")}, "no symlink can lead to"},
		{"long symlink", []entry{symlink("l", strings.Repeat("a/", 3000))}, "no symlink can lead to"},
		{"file where a folder is", []entry{folder("d/"), file("d", "x")}, `"d", which is a folder in it too`},
		{"symlink where a folder is", []entry{folder("d/"), symlink("d", "x")}, `"d", which is a folder in it too`},
		{"folder where a file is", []entry{file("f", "x"), folder("f/")}, `below "f", which is a file in it too`},
		{"file below a file", []entry{file("f", "x"), file("f/g", "x")}, `"f/g" below "f"`},
		{"name of our own", []entry{file(".proxy-0", "x")}, "no file can have"},
		{"long name", []entry{file(strings.Repeat("n", 300), "x")}, "file name too long"},
		{"longer name", []entry{file(strings.Repeat("n/", 4000)+"f", "x")}, "too long or too deep"},
		{"deep name", []entry{file(strings.Repeat("d/", 200)+"f", "x")}, "too long or too deep"},
		{"lines in a name", []entry{file("../a\nb\r", "x")}, `"../a\nb\r"`},
	} {
		for _, format := range formats {
			t.Run(c.name+" "+format.name, func(t *testing.T) {
				entries := append([]entry{program("exec")}, c.entries...) // a symlink of that name replaces it
				refused(t, format.pack(t, entries...), c.want)
			})
		}
	}
}

// refused places an upload that has to be refused for a reason, beside an action and below a folder, and checks that
// both are left as they were.
func refused(t *testing.T, content []byte, want string) {
	t.Helper()
	outside := t.TempDir()
	f := newTestFolder(t)
	f.Dir = filepath.Join(outside, "in", "action")
	must(t, os.MkdirAll(f.Dir, 0o755))
	must(t, os.WriteFile(filepath.Join(f.Dir, "exec"), []byte(script), 0o755))
	must(t, os.WriteFile(filepath.Join(outside, "x"), []byte("untouched"), 0o644))
	before := tree(t, outside)
	_, err := place(t, f, content)
	if err == nil {
		t.Fatalf("it was accepted: %.2000q", tree(t, outside))
	}
	isOneLine(t, err)
	if !strings.Contains(err.Error(), want) {
		t.Errorf("refused with %q, want %q", err, want)
	}
	if after := tree(t, outside); !maps.Equal(before, after) {
		t.Errorf("it left\n%.2000q\nwhere there was\n%.2000q", after, before)
	}
}

func TestArchivesWithoutExec(t *testing.T) {
	for _, c := range []struct {
		name    string
		entries []entry
		want    string
	}{
		{"empty", nil, "no exec at its top; it is empty"},
		{"others", []entry{file("a", ""), file("b", "")}, `no exec at its top; it holds "a", "b"`},
		{"many others", []entry{file("a", ""), file("b", ""), file("c", ""), file("d", ""), file("e", ""), file("f", "")}, `"e", …`},
		{"lines in names", []entry{file("a\nb", "")}, `"a\nb"`},
		{"in a folder", []entry{folder("top/"), file("top/other", ""), program("top/exec")}, `but "top/exec": pack what is in the folder, not the folder (cd "top" && zip -r ../action.zip .)`},
		{"backslashes", []entry{program(`top\exec`)}, "backslashes"},
		{"a folder", []entry{file("exec/main", "")}, "exec is a folder"},
		{"a dangling symlink", []entry{symlink("exec", "main")}, "leads to no file"},
		{"a symlink to a folder", []entry{file("d/f", ""), symlink("exec", "d")}, "leads to no file"},
		{"a symlink to itself", []entry{symlink("exec", "exec")}, "leads to no file"},
		{"source", []entry{file("exec", "echo hello")}, "exec is neither a program nor a script"},
		{"nothing in it", []entry{file("exec", "")}, "exec is empty"},
		{"Mach-O", []entry{file("exec", "\xcf\xfa\xed\xfe\x07\x00\x00\x01")}, "built for macOS or Windows"},
	} {
		for _, format := range formats {
			t.Run(c.name+" "+format.name, func(t *testing.T) { refused(t, format.pack(t, c.entries...), c.want) })
		}
	}
}

func TestExecMayBeASymlink(t *testing.T) {
	for _, format := range formats {
		f := newTestFolder(t)
		_, err := place(t, f, format.pack(t, file("bin/main", script), symlink("exec", "bin/main")))
		must(t, err)
		if info, err := os.Stat(filepath.Join(f.Dir, "exec")); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: exec is %v, %v", format.name, info, err)
		}
	}
}

func TestBombs(t *testing.T) {
	const unpacked, entries = 1 << 20, 50
	many := make([]entry, 0, entries+1)
	for range entries {
		many = append(many, file("same", ""))
	}
	implied := []entry{file(strings.Repeat("a/", entries)+"f", "")}
	for _, format := range formats {
		for _, c := range []struct {
			name    string
			entries []entry
			want    string
		}{
			{"one large", []entry{file("f", strings.Repeat("\x00", unpacked+1))}, "unpacks to more than 1 MiB"},
			{"several together", []entry{file("f", strings.Repeat("\x00", unpacked)), file("g", "x")}, "unpacks to more than 1 MiB"},
			{"many entries", many, "more than 50 entries"},
			{"many folders that are only implied", implied, "more than 50 entries"},
		} {
			t.Run(c.name+" "+format.name, func(t *testing.T) {
				f := newTestFolder(t)
				f.Limits.Unpacked, f.Limits.Entries = unpacked, entries
				_, err := place(t, f, format.pack(t, append(c.entries, program("exec"))...))
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
				if left := tree(t, f.Dir); len(left) != 0 {
					t.Errorf("left %.1000q", left)
				}
			})
		}
	}
}

// Every beginning of an archive is refused or gives what the whole one gives.
func TestTruncatedArchives(t *testing.T) {
	for _, format := range formats {
		t.Run(format.name, func(t *testing.T) {
			whole := format.pack(t, program("exec"), file("lib/a", "content"), symlink("l", "lib/a"))
			f := newTestFolder(t)
			for n := 1; n < len(whole); n++ {
				executable, err := place(t, f, whole[:n])
				if err == nil {
					t.Fatalf("%d of %d bytes: accepted as %v", n, len(whole), executable)
				}
				isOneLine(t, err)
				if left := tree(t, f.Dir); len(left) != 0 {
					t.Fatalf("%d bytes: left %q", n, left)
				}
			}
		})
	}
}

// Every single byte that is changed gives an error, and then nothing stays, or an archive that is good too.
func TestDamagedArchives(t *testing.T) {
	for _, format := range formats {
		t.Run(format.name, func(t *testing.T) {
			whole := format.pack(t, program("exec"), file("lib/a", "content"))
			for n := range whole {
				b := bytes.Clone(whole)
				b[n] ^= 0x81
				f := &Folder{Dir: t.TempDir(), Limits: testLimits}
				if _, err := place(t, f, b); err != nil {
					isOneLine(t, err)
					if left := tree(t, f.Dir); len(left) != 0 {
						t.Errorf("byte %d: left %q", n, left)
					}
				}
			}
		})
	}
}

func TestUnreadableModesAreMadeUsable(t *testing.T) {
	for _, format := range formats {
		f := newTestFolder(t)
		_, err := place(t, f, format.pack(t, entry{name: "exec", content: script}, entry{name: "lib/", mode: fs.ModeDir}, entry{name: "lib/a"}))
		must(t, err)
		if got := tree(t, f.Dir)["lib/a"]; got != "-rw-r--r-- " {
			t.Errorf("%s: lib/a is %q", format.name, got)
		}
	}
}
