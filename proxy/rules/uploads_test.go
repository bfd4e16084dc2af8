package rules

import (
	"archive/tar"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func regular(name, content string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Linkname: content}
}

func entry(kind byte, name, target string) tar.Header {
	return tar.Header{Typeflag: kind, Name: name, Mode: 0o755, Linkname: target}
}

// upload posts bytes in base64.
func (p *proxy) upload(code string) answer {
	p.t.Helper()
	return p.post("/init", initBody(code, true))
}

// reading is a script that shows a file of its archive in the log.
const reading = "#!/bin/sh\necho '{\"openwhisk\":1}'\nwhile read -r line; do cat lib/data >&2; echo '{}'; done\n"

func TestRule13_WhatIsAccepted(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"zip without x-bit":     zipped(t, file{name: "exec", content: reading, mode: 0o644}, file{name: "lib/data", content: "data\n"}),
		"zip without modes":     zipped(t, file{name: "exec", content: reading}, file{name: "lib/data", content: "data\n"}),
		"zip with folders":      zipped(t, file{name: "lib/", mode: fs.ModeDir | 0o755}, file{name: "lib/data", content: "data\n"}, file{name: "exec", content: reading, mode: 0o755}),
		"zip with mode 0":       zipped(t, file{name: "exec", content: reading, mode: 0o111}, file{name: "lib/data", content: "data\n", mode: 0o200}),
		"zip with a symlink":    zipped(t, file{name: "exec", content: reading}, file{name: "real/data", content: "data\n"}, file{name: "lib", content: "real", mode: fs.ModeSymlink | 0o777}),
		"zip, exec is a link":   zipped(t, file{name: "bin/run", content: reading}, file{name: "exec", content: "bin/run", mode: fs.ModeSymlink | 0o777}, file{name: "lib/data", content: "data\n"}),
		"tar.gz":                tarred(t, regular("exec", reading), regular("lib/data", "data\n")),
		"tar.gz with ./":        tarred(t, entry(tar.TypeDir, "./", ""), regular("./exec", reading), entry(tar.TypeDir, "./lib/", ""), regular("./lib/data", "data\n")),
		"tar.gz with a symlink": tarred(t, regular("exec", reading), regular("real/data", "data\n"), entry(tar.TypeSymlink, "lib", "./real")),
		"tar.gz, a deep name":   tarred(t, regular("exec", reading), regular("lib/data", "data\n"), regular(strings.Repeat("deep/", 40)+"file", "x")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			if got, want := p.upload(code), (answer{200, "OK"}); got != want {
				t.Fatalf("got %s", got)
			}
			if got := p.run(`{}`); got.status != 200 {
				t.Fatalf("run: %s", got)
			}
			if _, stderr := p.ended(1); stderr[0] != "data\n" {
				t.Errorf("log %q", stderr)
			}
		})
	}
}

func TestRule13_AnExecInAFolderIsNamed(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"zip":         zipped(t, file{name: "folder/exec", content: reading}, file{name: "folder/lib/data", content: "data\n"}),
		"zip folders": zipped(t, file{name: "folder/", mode: fs.ModeDir | 0o755}, file{name: "folder/exec", content: reading}),
		"tar.gz":      tarred(t, regular("folder/exec", reading)),
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
				p := start(t, chosen)
				if text := p.upload(code).error(t); !strings.Contains(text, "folder/exec") {
					p.logged("folder/exec")
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
	good := file{name: "exec", content: reading}
	archives := map[string]string{
		"zip ..":                     zipped(t, good, file{name: up, content: "x"}),
		"zip inner ..":               zipped(t, good, file{name: "a/../../" + up, content: "x"}),
		"zip absolute":               zipped(t, good, file{name: target, content: "x"}),
		"zip symlink away":           zipped(t, good, file{name: "out", content: outside, mode: fs.ModeSymlink | 0o777}, file{name: "out/written", content: "x"}),
		"zip symlink up":             zipped(t, good, file{name: "out", content: strings.TrimSuffix(up, "/written"), mode: fs.ModeSymlink | 0o777}, file{name: "out/written", content: "x"}),
		"zip symlink by symlink":     zipped(t, good, file{name: "a/b", content: "..", mode: fs.ModeSymlink | 0o777}, file{name: "c", content: "a/b/../..", mode: fs.ModeSymlink | 0o777}, file{name: "c/written", content: "x"}),
		"zip exec is a symlink away": zipped(t, file{name: "exec", content: "/bin/sh", mode: fs.ModeSymlink | 0o777}),
		"zip exec is a loop":         zipped(t, file{name: "exec", content: "exec", mode: fs.ModeSymlink | 0o777}),
		"zip exec is a folder":       zipped(t, file{name: "exec/", mode: fs.ModeDir | 0o755}),
		"zip file and folder":        zipped(t, good, file{name: "x", content: "x"}, file{name: "x/y", content: "x"}),
		"zip device":                 zipped(t, good, file{name: "null", mode: fs.ModeDevice | fs.ModeCharDevice | 0o666}),
		"zip pipe":                   zipped(t, good, file{name: "pipe", mode: fs.ModeNamedPipe | 0o666}),
		"tar ..":                     tarred(t, regular("exec", reading), regular(up, "x")),
		"tar absolute":               tarred(t, regular("exec", reading), regular(target, "x")),
		"tar symlink away":           tarred(t, regular("exec", reading), entry(tar.TypeSymlink, "out", outside), regular("out/written", "x")),
		"tar hard link":              tarred(t, regular("exec", reading), entry(tar.TypeLink, "passwd", "/etc/passwd")),
		"tar hard link inside":       tarred(t, regular("exec", reading), entry(tar.TypeLink, "other", "exec")),
		"tar device":                 tarred(t, regular("exec", reading), entry(tar.TypeChar, "null", "")),
		"tar block device":           tarred(t, regular("exec", reading), entry(tar.TypeBlock, "sda", "")),
		"tar pipe":                   tarred(t, regular("exec", reading), entry(tar.TypeFifo, "pipe", "")),
		"truncated zip":              zipped(t, good)[:100],
		"truncated tar.gz":           tarred(t, regular("exec", reading))[:100],
		"zip without exec":           zipped(t, file{name: "readme", content: "x"}),
		"empty zip":                  zipped(t),
		"empty tar.gz":               tarred(t),
		"zip of many entries":        zippedStored(t, many(66000)...),
	}
	if *long {
		archives["zip bomb"] = zipped(t, good, file{name: "bomb", content: strings.Repeat("\x00", 520<<20)})
	}
	for name, code := range archives {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			got := p.upload(code)
			if text := got.error(t); got.status != 502 || !strings.HasPrefix(text, "cannot start action: ") {
				t.Errorf("got %s", got)
			}
			if names := leftovers(t, p.dir); len(names) > 0 {
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
		zip, tgz := []file{{name: "exec", content: obey()}}, []tar.Header{regular("exec", obey())}
		for name, target := range links {
			zip = append(zip, file{name: name, content: target, mode: fs.ModeSymlink | 0o777})
			tgz = append(tgz, entry(tar.TypeSymlink, name, target))
		}
		for kind, code := range map[string]string{"zip": zipped(t, zip...), "tar.gz": tarred(t, tgz...)} {
			p := start(t, chosen)
			if got := p.upload(code); got != (answer{200, "OK"}) {
				t.Fatalf("%s: %s", kind, got)
			}
			dir := p.dir
			if protocol == "actionloop" {
				dir = filepath.Join(dir, "1", "bin")
			}
			for name, want := range links {
				if target, err := os.Readlink(filepath.Join(dir, name)); err != nil || target != want {
					t.Errorf("%s: %s leads to %q, %v; want %q", kind, name, target, err, want)
				}
			}
			if got := p.run(`{}`); got.status != 200 {
				t.Errorf("%s: run: %s", kind, got)
			}
		}
		for name, code := range map[string]string{
			"exec":    tarred(t, entry(tar.TypeSymlink, "exec", elsewhere)),
			"a chain": zipped(t, file{name: "a", content: filepath.Dir(elsewhere), mode: fs.ModeSymlink | 0o777}, file{name: "exec", content: "a/program", mode: fs.ModeSymlink | 0o777}),
			"below":   zipped(t, file{name: "exec", content: obey()}, file{name: "a", content: filepath.Dir(elsewhere), mode: fs.ModeSymlink | 0o777}, file{name: "a/program", content: "x"}),
		} {
			p := start(t, chosen)
			got := p.upload(code)
			if got.status != 502 {
				t.Errorf("%s: %s", name, got)
			}
			if !strings.Contains(got.body, "symlink") {
				p.logged("symlink")
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
		files[i].name = "d/" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + "/" + strconv.Itoa(i)
	}
	return files
}
