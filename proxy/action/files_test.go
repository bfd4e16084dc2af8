//go:build linux

package action

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

var testLimits = code.Limits{Code: 64 << 20, Unpacked: 512 << 20, Entries: 65536}

// entry is one of an archive's. In a zip made on Windows nothing has a mode.
type entry struct {
	name    string
	content string
	mode    fs.FileMode
	link    string // of symlinks and hard links
	kind    byte   // a tar's typeflag, where mode does not tell
}

const script = "#!/bin/sh\necho hello\n"

func file(name, content string) entry { return entry{name: name, content: content, mode: 0o644} }
func program(name string) entry       { return entry{name: name, content: script, mode: 0o755} }
func symlink(name, target string) entry {
	return entry{name: name, link: target, mode: fs.ModeSymlink | 0o777}
}
func folder(name string) entry { return entry{name: name, mode: fs.ModeDir | 0o755} }

// A format packs entries into an archive.
type format struct {
	name string
	pack func(testing.TB, ...entry) []byte
}

var formats = []format{{"zip", zipOf}, {"tar.gz", tarGzOf}}

func zipOf(t testing.TB, entries ...entry) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode)
		content := e.content
		if e.mode&fs.ModeSymlink != 0 {
			content = e.link
		}
		if e.mode.IsDir() {
			h.Method = zip.Store
		}
		f, err := w.CreateHeader(h)
		must(t, err)
		if !e.mode.IsDir() {
			_, err = f.Write([]byte(content))
			must(t, err)
		}
	}
	must(t, w.Close())
	return b.Bytes()
}

func tarOf(t testing.TB, entries ...entry) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: int64(e.mode.Perm()), Size: int64(len(e.content)), Linkname: e.link, Typeflag: e.kind}
		switch {
		case e.kind != 0:
		case e.mode.IsDir():
			h.Typeflag = tar.TypeDir
		case e.mode&fs.ModeSymlink != 0:
			h.Typeflag = tar.TypeSymlink
		default:
			h.Typeflag = tar.TypeReg
		}
		must(t, w.WriteHeader(h))
		_, err := w.Write([]byte(e.content))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func tarGzOf(t testing.TB, entries ...entry) []byte { return gzipped(t, tarOf(t, entries...)) }

func gzipped(t testing.TB, content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tree is what is in a folder: by path, a file's mode and content, a symlink's target.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			found[name] = "folder"
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			found[name] = "-> " + target
			return err
		default:
			content, err := os.ReadFile(path)
			found[name] = info.Mode().String() + " " + string(content)
			return err
		}
		return nil
	}))
	return found
}

// uploaded is an upload of raw bytes, as if they had come in base64.
func uploaded(t testing.TB, dir string, content []byte) *Upload {
	t.Helper()
	u, err := NewUpload(dir, testLimits)
	must(t, err)
	u.Binary(true)
	must(t, u.store(content))
	return u
}

// place uploads raw bytes to a folder, and settles with what came of it.
func place(t testing.TB, f *Folder, content []byte) (*Executable, error) {
	t.Helper()
	u := uploaded(t, f.Dir, content)
	defer u.Discard()
	file, err := u.Close(true)
	must(t, err)
	executable, err := f.Place(file)
	f.Settle(err == nil)
	return executable, err
}

func newTestFolder(t testing.TB) *Folder {
	return &Folder{Dir: t.TempDir(), Limits: testLimits, Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin"}}
}

// isOneLine checks that a refusal can be shown to a person in one line.
func isOneLine(t testing.TB, err error) {
	t.Helper()
	if _, ok := err.(*code.Refusal); !ok {
		t.Errorf("%T %v, want a Refusal", err, err)
		return
	}
	if text := err.Error(); strings.ContainsAny(text, "\n\r\x00") || len(text) > 1500 || text == "" {
		t.Errorf("not a line that a person can read: %q", text)
	}
}
