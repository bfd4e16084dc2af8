package rules

import (
	"archive/tar"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func regular(name, content string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Linkname: content}
}

func entry(kind byte, name, target string) tar.Header {
	return tar.Header{Typeflag: kind, Name: name, Mode: 0o755, Linkname: target}
}

// upload posts bytes in base64.
func (p *proxy) upload(code string) answer {
	p.T.Helper()
	return p.Post("/init", testkit.InitBody([]byte(code), nil))
}

// reading is a script that shows a file of its archive in the log.
const reading = "#!/bin/sh\necho '{\"openwhisk\":1}'\nwhile read -r line; do cat lib/data >&2; echo '{}'; done\n"

func TestRule13_WhatIsAccepted(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"zip without x-bit":     testkit.Zip(t, file{Name: "exec", Content: reading, Mode: 0o644}, file{Name: "lib/data", Content: "data\n"}),
		"zip without modes":     testkit.Zip(t, file{Name: "exec", Content: reading}, file{Name: "lib/data", Content: "data\n"}),
		"zip with folders":      testkit.Zip(t, file{Name: "lib/", Mode: fs.ModeDir | 0o755}, file{Name: "lib/data", Content: "data\n"}, file{Name: "exec", Content: reading, Mode: 0o755}),
		"zip with mode 0":       testkit.Zip(t, file{Name: "exec", Content: reading, Mode: 0o111}, file{Name: "lib/data", Content: "data\n", Mode: 0o200}),
		"zip with a symlink":    testkit.Zip(t, file{Name: "exec", Content: reading}, file{Name: "real/data", Content: "data\n"}, file{Name: "lib", Content: "real", Mode: fs.ModeSymlink | 0o777}),
		"zip, exec is a link":   testkit.Zip(t, file{Name: "bin/run", Content: reading}, file{Name: "exec", Content: "bin/run", Mode: fs.ModeSymlink | 0o777}, file{Name: "lib/data", Content: "data\n"}),
		"tar.gz":                testkit.Tar(t, regular("exec", reading), regular("lib/data", "data\n")),
		"tar.gz with ./":        testkit.Tar(t, entry(tar.TypeDir, "./", ""), regular("./exec", reading), entry(tar.TypeDir, "./lib/", ""), regular("./lib/data", "data\n")),
		"tar.gz with a symlink": testkit.Tar(t, regular("exec", reading), regular("real/data", "data\n"), entry(tar.TypeSymlink, "lib", "./real")),
		"tar.gz, a deep name":   testkit.Tar(t, regular("exec", reading), regular("lib/data", "data\n"), regular(strings.Repeat("deep/", 40)+"file", "x")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			if got, want := p.upload(code), testkit.OK("OK"); got != want {
				t.Fatalf("got %s", got)
			}
			if got := p.Run(`{}`); got.Status != 200 {
				t.Fatalf("run: %s", got)
			}
			if _, stderr := p.Ended(1); stderr[0] != "data\n" {
				t.Errorf("log %q", stderr)
			}
		})
	}
}

func TestRule13_AnExecInAFolderIsNamed(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"zip":         testkit.Zip(t, file{Name: "folder/exec", Content: reading}, file{Name: "folder/lib/data", Content: "data\n"}),
		"zip folders": testkit.Zip(t, file{Name: "folder/", Mode: fs.ModeDir | 0o755}, file{Name: "folder/exec", Content: reading}),
		"tar.gz":      testkit.Tar(t, regular("folder/exec", reading)),
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
				p := start(t, chosen)
				if text := p.upload(code).Error(t); !strings.Contains(text, "folder/exec") {
					p.Logged("folder/exec")
				}
			})
		})
	}
}

// leftovers are the files of an action directory.
func leftovers(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestRule16_HostileArchives(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	target := filepath.Join(outside, "written")
	up := strings.Repeat("../", 12) + strings.TrimPrefix(target, "/")
	good := file{Name: "exec", Content: reading}
	archives := map[string]string{
		"zip ..":                     testkit.Zip(t, good, file{Name: up, Content: "x"}),
		"zip inner ..":               testkit.Zip(t, good, file{Name: "a/../../" + up, Content: "x"}),
		"zip absolute":               testkit.Zip(t, good, file{Name: target, Content: "x"}),
		"zip symlink away":           testkit.Zip(t, good, file{Name: "out", Content: outside, Mode: fs.ModeSymlink | 0o777}, file{Name: "out/written", Content: "x"}),
		"zip symlink up":             testkit.Zip(t, good, file{Name: "out", Content: strings.TrimSuffix(up, "/written"), Mode: fs.ModeSymlink | 0o777}, file{Name: "out/written", Content: "x"}),
		"zip symlink by symlink":     testkit.Zip(t, good, file{Name: "a/b", Content: "..", Mode: fs.ModeSymlink | 0o777}, file{Name: "c", Content: "a/b/../..", Mode: fs.ModeSymlink | 0o777}, file{Name: "c/written", Content: "x"}),
		"zip exec is a symlink away": testkit.Zip(t, file{Name: "exec", Content: "/bin/sh", Mode: fs.ModeSymlink | 0o777}),
		"zip exec is a loop":         testkit.Zip(t, file{Name: "exec", Content: "exec", Mode: fs.ModeSymlink | 0o777}),
		"zip exec is a folder":       testkit.Zip(t, file{Name: "exec/", Mode: fs.ModeDir | 0o755}),
		"zip file and folder":        testkit.Zip(t, good, file{Name: "x", Content: "x"}, file{Name: "x/y", Content: "x"}),
		"zip device":                 testkit.Zip(t, good, file{Name: "null", Mode: fs.ModeDevice | fs.ModeCharDevice | 0o666}),
		"zip pipe":                   testkit.Zip(t, good, file{Name: "pipe", Mode: fs.ModeNamedPipe | 0o666}),
		"tar ..":                     testkit.Tar(t, regular("exec", reading), regular(up, "x")),
		"tar absolute":               testkit.Tar(t, regular("exec", reading), regular(target, "x")),
		"tar symlink away":           testkit.Tar(t, regular("exec", reading), entry(tar.TypeSymlink, "out", outside), regular("out/written", "x")),
		"tar hard link":              testkit.Tar(t, regular("exec", reading), entry(tar.TypeLink, "passwd", "/etc/passwd")),
		"tar hard link inside":       testkit.Tar(t, regular("exec", reading), entry(tar.TypeLink, "other", "exec")),
		"tar device":                 testkit.Tar(t, regular("exec", reading), entry(tar.TypeChar, "null", "")),
		"tar block device":           testkit.Tar(t, regular("exec", reading), entry(tar.TypeBlock, "sda", "")),
		"tar pipe":                   testkit.Tar(t, regular("exec", reading), entry(tar.TypeFifo, "pipe", "")),
		"truncated zip":              testkit.Zip(t, good)[:100],
		"truncated tar.gz":           testkit.Tar(t, regular("exec", reading))[:100],
		"zip without exec":           testkit.Zip(t, file{Name: "readme", Content: "x"}),
		"empty zip":                  testkit.Zip(t),
		"empty tar.gz":               testkit.Tar(t),
		"zip of many entries":        testkit.ZipStored(t, many(66000)...),
	}
	if *long {
		archives["zip bomb"] = testkit.Zip(t, good, file{Name: "bomb", Content: strings.Repeat("\x00", 520<<20)})
	}
	for name, code := range archives {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			got := p.upload(code)
			if text := got.Error(t); got.Status != 502 || !strings.HasPrefix(text, "cannot start action: ") {
				t.Errorf("got %s", got)
			}
			if names := leftovers(t, p.Dir); len(names) > 0 {
				t.Errorf("it left %q", names)
			}
			if names := leftovers(t, outside); len(names) > 0 {
				t.Fatalf("it wrote %q outside", names)
			}
			p.ready(obey())
		})
	}
}

// A virtual environment that was made in the image comes with symlinks to the image's interpreter.
func TestRule16_SymlinksThatLeadOutAreKept(t *testing.T) {
	t.Parallel()
	elsewhere := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(elsewhere, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		links := map[string]string{"venv/bin/python3": "/usr/bin/python3", "absolute": elsewhere, "up": "../../../../../../../etc/passwd", "lib": "venv/bin", "chain": "lib/python3", "dangling": "/no/such"}
		zip, tgz := []file{{Name: "exec", Content: obey()}}, []tar.Header{regular("exec", obey())}
		for name, target := range links {
			zip = append(zip, file{Name: name, Content: target, Mode: fs.ModeSymlink | 0o777})
			tgz = append(tgz, entry(tar.TypeSymlink, name, target))
		}
		for kind, code := range map[string]string{"zip": testkit.Zip(t, zip...), "tar.gz": testkit.Tar(t, tgz...)} {
			p := start(t, chosen)
			if got := p.upload(code); got != testkit.OK("OK") {
				t.Fatalf("%s: %s", kind, got)
			}
			dir := p.Dir
			if protocol == "actionloop" {
				dir = filepath.Join(dir, "1", "bin")
			}
			for name, want := range links {
				if target, err := os.Readlink(filepath.Join(dir, name)); err != nil || target != want {
					t.Errorf("%s: %s leads to %q, %v; want %q", kind, name, target, err, want)
				}
			}
			if got := p.Run(`{}`); got.Status != 200 {
				t.Errorf("%s: run: %s", kind, got)
			}
		}
		for name, code := range map[string]string{
			"exec":    testkit.Tar(t, entry(tar.TypeSymlink, "exec", elsewhere)),
			"a chain": testkit.Zip(t, file{Name: "a", Content: filepath.Dir(elsewhere), Mode: fs.ModeSymlink | 0o777}, file{Name: "exec", Content: "a/program", Mode: fs.ModeSymlink | 0o777}),
			"below":   testkit.Zip(t, file{Name: "exec", Content: obey()}, file{Name: "a", Content: filepath.Dir(elsewhere), Mode: fs.ModeSymlink | 0o777}, file{Name: "a/program", Content: "x"}),
		} {
			p := start(t, chosen)
			got := p.upload(code)
			if got.Status != 502 {
				t.Errorf("%s: %s", name, got)
			}
			if !strings.Contains(got.Body, "symlink") {
				p.Logged("symlink")
			}
		}
	})
	if stat, err := os.Stat(elsewhere); err != nil || stat.Mode() != 0o600 || stat.Size() != int64(len("#!/bin/sh\n")) {
		t.Errorf("the file outside is changed: %v, %v", stat, err)
	}
}

func many(n int) []file {
	files := make([]file, n)
	for i := range files {
		files[i].Name = "d/" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + "/" + strconv.Itoa(i)
	}
	return files
}
