package apkfs

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
)

// TestMirrorQuirks holds which mirrors work although they answer otherwise than Alpine's own, and which faults are
// reported.
func TestMirrorQuirks(t *testing.T) {
	const page = "<!DOCTYPE html>\n<html>nothing here</html>"
	mirror := newWritten(t)
	index := "/" + filepath.Join(release, "%s", "x86_64", indexFile)
	in := func(repository string) string { return strings.Replace(index, "%s", repository, 1) }
	for name, test := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request) bool // false: with the file
		more   string                                            // another package that is wanted
		want   string                                            // in the error
	}{
		"archives as gzipped text, when asked": {func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				w.Header().Set("Content-Encoding", "gzip")
			}
			return false
		}, "", ""},
		"archives as gzipped text always": {func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Encoding", "gzip")
			return false
		}, "", ""},
		"403 for a missing repository": {forbid(in("community")), "", ""},
		"403, and a package of it":     {forbid(in("community")), "elsewhere", `no package "elsewhere" in Alpine v3.22 for x86_64; the mirror has no community (the server answers 403 Forbidden)`},
		"a page for a missing repository": {func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path == in("community") && write(w, page)
		}, "", ""},
		"a page, and a package of it": {func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path == in("community") && write(w, page)
		}, "elsewhere", "the mirror has no community (the server answers with a web page)"},
		"403 for the first repository": {forbid(in("main")), "", "the server answers 403 Forbidden"},
		"a page for the first repository": {func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path == in("main") && write(w, page)
		}, "", "is that an Alpine mirror?"},
		"a broken second repository": {func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path == in("community") && write(w, "\x1f\x8b\x08broken")
		}, "", "community/x86_64/APKINDEX.tar.gz: this is not an index"},
	} {
		t.Run(name, func(t *testing.T) {
			files := http.FileServer(http.Dir(mirror.Dir))
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !test.answer(w, r) {
					files.ServeHTTP(w, r)
				}
			}))
			defer server.Close()
			w := world()
			if test.more != "" {
				w.Layers[1].Packages = append(w.Layers[1].Packages, test.more)
			}
			source := openMirror(t, server.URL, mirror.KeyFile)
			pins, err := source.Resolve(t.Context(), w)
			if err == nil {
				_, err = source.Install(t.Context(), w, pins)
			}
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func forbid(path string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != path {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	}
}

func write(w http.ResponseWriter, text string) bool {
	_, err := w.Write([]byte(text))
	return err == nil
}

// TestSignedAgain holds that the same packages, signed with other keys, of one name or of another, come from the mirror
// that is asked, with one cache.
func TestSignedAgain(t *testing.T) {
	kept := t.TempDir()
	for i := range 6 {
		mirror, err := apktest.New(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 {
			other := filepath.Join(filepath.Dir(mirror.KeyFile), strings.Repeat("b", 40)+".rsa.pub")
			if err := os.Rename(mirror.KeyFile, other); err != nil {
				t.Fatal(err)
			}
			mirror.KeyFile = other
		}
		add(t, mirror, "main", "x86_64", apktest.Base(release)...)
		source, _ := openCached(t, mirror.Dir, kept, mirror.KeyFile)
		w := world()
		w.Layers = w.Layers[:1]
		install(t, source, w)
	}
}
