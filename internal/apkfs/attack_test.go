package apkfs

import (
	"archive/tar"
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
)

// TestAttacks holds that nothing is installed that the trusted key has not signed.
func TestAttacks(t *testing.T) {
	bash := func(m *apktest.Mirror) string { return m.Path(release, "main", "x86_64", "bash-5.2.37-r0.apk") }
	index := func(m *apktest.Mirror) string { return m.Path(release, "main", "x86_64", indexFile) }
	flip := func(t *testing.T, path string, fromEnd int) {
		content := readFile(t, path)
		content[len(content)-fromEnd] ^= 1
		writeFile(t, path, content)
	}
	for name, test := range map[string]struct {
		attack func(t *testing.T, m *apktest.Mirror)
		want   string
	}{
		"another key of the same name": {func(t *testing.T, m *apktest.Mirror) {
			other := newSigner(t)
			writeFile(t, m.KeyFile, readFile(t, other.KeyFile))
		}, "does not match"},
		"a key that nobody trusts": {func(t *testing.T, m *apktest.Mirror) {
			renamed := filepath.Join(filepath.Dir(m.KeyFile), "other.rsa.pub")
			if err := os.Rename(m.KeyFile, renamed); err != nil {
				t.Fatal(err)
			}
			m.KeyFile = renamed
		}, "signed with test@example.org-1.rsa.pub, a key that is not trusted for x86_64"},
		"an altered index": {func(t *testing.T, m *apktest.Mirror) { flip(t, index(m), 20) }, "does not match"},
		"an index without a signature": {func(t *testing.T, m *apktest.Mirror) {
			content := readFile(t, index(m))
			writeFile(t, index(m), content[bytes.LastIndex(content, []byte{0x1f, 0x8b, 8}):])
		}, "it is not signed"},
		"an index that lists more behind its end": {func(t *testing.T, m *apktest.Mirror) {
			writeFile(t, index(m), append(readFile(t, index(m)), readFile(t, index(m))...))
		}, "does not match"},
		"altered files":          {func(t *testing.T, m *apktest.Mirror) { flip(t, bash(m), 30) }, "its files are not those that were signed"},
		"more bytes":             {func(t *testing.T, m *apktest.Mirror) { writeFile(t, bash(m), append(readFile(t, bash(m)), 0)) }, "larger than"},
		"a truncated package":    {func(t *testing.T, m *apktest.Mirror) { writeFile(t, bash(m), readFile(t, bash(m))[:100]) }, "it has 100 bytes"},
		"an empty package":       {func(t *testing.T, m *apktest.Mirror) { writeFile(t, bash(m), nil) }, "it has 0 bytes"},
		"another signed package": {func(t *testing.T, m *apktest.Mirror) { writeFile(t, bash(m), padded(t, m, "jq-1.8.0-r0.apk", bash(m))) }, "bash-5.2.37-r0"},
		"an older package under the newer name": {func(t *testing.T, m *apktest.Mirror) {
			newer := readFile(t, index(m))
			languages := apktest.Languages()
			languages[1].Version = "5.2.36-r0"
			add(t, m, "main", "x86_64", append(apktest.Base(release), languages...)...)
			writeFile(t, bash(m), padded(t, m, "bash-5.2.36-r0.apk", bash(m)))
			writeFile(t, index(m), newer)
		}, "bash-5.2.37-r0"},
		"HTML in the place of a package": {func(t *testing.T, m *apktest.Mirror) {
			page := make([]byte, len(readFile(t, bash(m))))
			copy(page, "<html>")
			writeFile(t, bash(m), page)
		}, "not an Alpine package"},
		"HTML in the place of the index": {func(t *testing.T, m *apktest.Mirror) { writeFile(t, index(m), []byte("<html>hello")) }, "is that an Alpine mirror?"},
		"a truncated index":              {func(t *testing.T, m *apktest.Mirror) { writeFile(t, index(m), readFile(t, index(m))[:900]) }, "index"},
	} {
		t.Run(name, func(t *testing.T) {
			mirror := newWritten(t)
			test.attack(t, mirror)
			source := openMirror(t, mirror.Dir, mirror.KeyFile)
			pins, err := source.Resolve(t.Context(), world())
			if err == nil {
				_, err = source.Install(t.Context(), world(), pins)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// padded returns a package of the mirror, with as many bytes as another one has.
func padded(t *testing.T, m *apktest.Mirror, name, other string) []byte {
	content := readFile(t, m.Path(release, "main", "x86_64", name))
	return append(content, make([]byte, max(0, len(readFile(t, other))-len(content)))...)
}

// TestSwapped holds that the checksum alone, without the size, tells packages apart.
func TestSwapped(t *testing.T) {
	mirror := newWritten(t)
	pins, err := openMirror(t, mirror.Dir, mirror.KeyFile).Resolve(t.Context(), world())
	if err != nil {
		t.Fatal(err)
	}
	pin := pins[slices.IndexFunc(pins, func(p images.Pin) bool { return p.Name == "bash" })]
	raw := readFile(t, mirror.Path(release, "main", "x86_64", "jq-1.8.0-r0.apk"))
	pin.Size = int64(len(raw))
	if _, err := unpack(raw, pin); err == nil || !strings.Contains(err.Error(), "the checksum differs") {
		t.Errorf("got %v", err)
	}
}

// TestHostilePackages are signed, and still not installed.
func TestHostilePackages(t *testing.T) {
	for name, test := range map[string]struct {
		evil apktest.Package
		want string
	}{
		"climbs out":      {apktest.Package{Files: []tar.Header{apktest.File("../evil", 0o644, "x")}}, `"../evil" leads out of the image`},
		"climbs inside":   {apktest.Package{Files: []tar.Header{apktest.File("usr/../../evil", 0o644, "x")}}, "leads out of the image"},
		"absolute":        {apktest.Package{Files: []tar.Header{apktest.File("/etc/evil", 0o644, "x")}}, "leads out of the image"},
		"through a link":  {apktest.Package{Files: []tar.Header{apktest.Symlink("there", "/etc"), apktest.File("there/passwd", 0o644, "x")}}, "there/passwd is below there"},
		"a device":        {apktest.Package{Files: []tar.Header{{Typeflag: tar.TypeChar, Name: "dev/mem", Devmajor: 1}}}, "neither a file nor a folder nor a link"},
		"foreign link":    {apktest.Package{Files: []tar.Header{{Typeflag: tar.TypeLink, Name: "mine", Linkname: "etc/shadow"}}}, "hard link to etc/shadow"},
		"another's file":  {apktest.Package{Files: []tar.Header{apktest.File("bin/busybox", 0o755, "x")}}, "the packages busybox-1.37.0-r18 and evil-1.0-r0 both have bin/busybox"},
		"folder for file": {apktest.Package{Files: []tar.Header{apktest.Dir("bin/busybox", 0o755)}}, "is a folder in one of the packages"},
		"twice":           {apktest.Package{Files: []tar.Header{apktest.File("a", 0o644, "x"), apktest.File("a", 0o644, "y")}}, "a is there twice"},
		"attribute": {apktest.Package{Files: []tar.Header{{Typeflag: tar.TypeDir, Name: "d/", PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "x"}}}},
			"extended attribute security.capability"},
		"a script": {apktest.Package{Scripts: map[string]string{".post-install": "#!/bin/sh\nrm -rf /\n"}}, "evil-1.0-r0 has scripts (.post-install)"},
	} {
		t.Run(name, func(t *testing.T) {
			mirror := newWritten(t)
			test.evil.Name, test.evil.Version = "evil", "1.0-r0"
			add(t, mirror, "main", "x86_64", append(apktest.Base(release), test.evil)...)
			w := world()
			w.Layers[1] = Layer{Name: "packages", Packages: []string{"evil"}}
			source := openMirror(t, mirror.Dir, mirror.KeyFile)
			pins, err := source.Resolve(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = source.Install(t.Context(), w, pins); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestBadServers holds what is said of a server that does not serve.
func TestBadServers(t *testing.T) {
	mirror := newWritten(t)
	files := http.FileServer(http.Dir(mirror.Dir))
	gone := make(chan struct{})
	hang := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	}
	only := func(part string, handler http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, part) {
				handler(w, r)
				return
			}
			files.ServeHTTP(w, r)
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    []string
		advised bool // the error says how to go on
	}{
		"404 for all":          {status(404), []string{"has no release v3.22 for x86_64"}, false},
		"404 for a package":    {only("bash-", status(404)), []string{"has no bash-5.2.37-r0 for x86_64"}, false},
		"403":                  {status(403), []string{"answers 403 Forbidden"}, false},
		"500":                  {status(500), []string{"APKINDEX.tar.gz: the server answers 500", "3 times", "Build from a lock"}, true},
		"500 for a package":    {only("bash-", status(500)), []string{"bash-5.2.37-r0.apk: the server answers 500", "of the 10 packages were not in the cache"}, true},
		"hangs":                {hang, []string{"the server has sent nothing for"}, true},
		"hangs at a package":   {only("bash-", hang), []string{"bash-5.2.37-r0.apk: the server has sent nothing for"}, true},
		"hangs half-way":       {only("bash-", func(w http.ResponseWriter, r *http.Request) { cut(w); hang(w, r) }), []string{"has sent nothing for"}, true},
		"ends early":           {only("bash-", func(w http.ResponseWriter, _ *http.Request) { cut(w) }), []string{"ends too early"}, false},
		"HTML":                 {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>log in")) }, []string{"is that an Alpine mirror?"}, false},
		"leads somewhere else": {http.RedirectHandler("/again", http.StatusFound).ServeHTTP, []string{"redirected to"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			source := openMirror(t, server.URL, mirror.KeyFile)
			source.mirror.patience.Pause = 0
			if strings.HasPrefix(name, "hangs") {
				source.mirror.patience.Silence = time.Second / 2
			}
			pins, err := source.Resolve(t.Context(), world())
			if err == nil {
				_, err = source.Install(t.Context(), world(), pins)
			}
			if err == nil {
				t.Fatal("installed")
			}
			for _, want := range test.want {
				if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if got := errors.As(err, new(*MirrorError)); got != test.advised {
				t.Errorf("%v: is a MirrorError: %v, want %v", err, got, test.advised)
			}
		})
	}
	close(gone)
}

// TestBusyMirror asks a mirror that answers with each of these statuses at first.
func TestBusyMirror(t *testing.T) {
	mirror := newWritten(t)
	files := http.FileServer(http.Dir(mirror.Dir))
	for _, status := range []int{408, 429, 500, 503} {
		var refused atomic.Bool
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refused.CompareAndSwap(false, true) {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(status)
				return
			}
			files.ServeHTTP(w, r)
		}))
		defer server.Close()
		source := openMirror(t, server.URL, mirror.KeyFile)
		source.mirror.patience.Pause = 0
		if _, err := source.Resolve(t.Context(), world()); err != nil {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestMirrorIsBusyForLong holds that nobody waits for an hour.
func TestMirrorIsBusyForLong(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	_, err := openMirror(t, server.URL).Resolve(t.Context(), world())
	want := "the server answers 429 Too Many Requests: the server asks to come back in 1h0m0s"
	if err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, new(*MirrorError)) {
		t.Errorf("got %v", err)
	}
}

// cut begins an answer of 1000 bytes.
func cut(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte("few"))
	w.(http.Flusher).Flush()
}

func TestUnreachable(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	source := openMirror(t, server.URL)
	source.mirror.patience.Pause = 0
	_, err := source.Resolve(t.Context(), world())
	for _, want := range []string{server.URL + "/v3.22/main/x86_64/APKINDEX.tar.gz", "connection refused", "mkimage lock", "mkimage vendor", "--alpine-mirror"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestPlainHTTP(t *testing.T) {
	for where, plain := range map[string]bool{
		"http://localhost/alpine": false, "http://127.0.0.1:80/": false, "http://[::1]/": false, "https://example.org/alpine": false,
		"http://example.org/alpine": true, "http://10.0.0.1/": true, "http://localhost.example.org/": true,
	} {
		source := openMirror(t, where)
		if source.mirror.plain() != plain {
			t.Errorf("%s: got %v, want %v", where, !plain, plain)
		}
	}
	if _, err := openMirror(t, "http://example.org/").Resolve(t.Context(), world()); err == nil || !strings.Contains(err.Error(), "not encrypted") {
		t.Errorf("got %v", err)
	}
}
