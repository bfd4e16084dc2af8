package apkfs

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
)

func TestResolveRefuses(t *testing.T) {
	mirror := newWritten(t)
	add(t, mirror, "main", "x86_64", append(append(apktest.Base(release), apktest.Languages()...),
		apktest.Package{Name: "old", Version: "1-r0", Depends: []string{"app"}},
		apktest.Package{Name: "app", Version: "1-r0", Depends: []string{"jq<1.7"}},
		apktest.Package{Name: "orphan", Version: "1-r0", Depends: []string{"so:libnone.so.1"}},
		apktest.Package{Name: "enemy", Version: "1-r0", Depends: []string{"!jq"}})...)
	for name, test := range map[string]struct {
		packages []string
		want     []string
	}{
		"a typing error":       {[]string{"bsah"}, []string{`no package "bsah" in Alpine v3.22 for x86_64`, "the nearest names are bash"}},
		"the start of a name":  {[]string{"alpine"}, []string{"the nearest names are alpine-release, alpine-baselayout, alpine-baselayout-data"}},
		"nothing is near":      {[]string{"zzzzzzzzz"}, []string{`no package "zzzzzzzzz" in Alpine v3.22 for x86_64`}},
		"another version":      {[]string{"jq=1.6-r0"}, []string{"no package jq=1.6-r0", "available: 1.8.0-r0"}},
		"wants an old version": {[]string{"old"}, []string{"old-1-r0", "app-1-r0", "jq<1.7"}},
		"wants what is not":    {[]string{"orphan"}, []string{"orphan-1-r0", "libnone.so.1"}},
		"a conflict":           {[]string{"enemy", "jq"}, []string{"jq-1.8.0-r0", "enemy-1-r0 wants !jq"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := world()
			w.Layers[1].Packages = test.packages
			_, err := openMirror(t, mirror.Dir, mirror.KeyFile).Resolve(t.Context(), w)
			if err == nil {
				t.Fatal("resolved")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
			t.Log(err)
		})
	}
}

func TestNoSuchRelease(t *testing.T) {
	mirror := newWritten(t)
	if err := os.RemoveAll(filepath.Join(mirror.Dir, release, "main", "aarch64")); err != nil {
		t.Fatal(err)
	}
	w := world()
	w.Release = "v3.99"
	_, err := openMirror(t, mirror.Dir, mirror.KeyFile).Resolve(t.Context(), w)
	if err == nil || !strings.HasSuffix(err.Error(), "has no release v3.99 for x86_64; it has v3.22") {
		t.Errorf("got %v", err)
	}
	w = world()
	w.Platform = images.LinuxARM64
	_, err = openMirror(t, mirror.Dir, mirror.KeyFile).Resolve(t.Context(), w)
	if err == nil || !strings.HasSuffix(err.Error(), "has no release v3.22 for aarch64") {
		t.Errorf("got %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	mirror := newWritten(t)
	key := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		writeFile(t, path, content)
		return path
	}
	good := readFile(t, mirror.KeyFile)
	for name, test := range map[string]struct {
		where string
		keys  []string
		want  string
	}{
		"no folder":         {filepath.Join(dir, "none"), nil, "neither a folder nor a URL"},
		"a file":            {mirror.KeyFile, nil, "neither a folder nor a URL"},
		"another scheme":    {"ftp://example.org/alpine", nil, "neither a folder nor an https or http URL"},
		"no host":           {"https:///alpine", nil, "neither a folder nor an https or http URL"},
		"no key":            {"", []string{filepath.Join(dir, "none.rsa.pub")}, "no such file"},
		"not a key":         {"", []string{key("text.rsa.pub", []byte("hello"))}, "not a public key in PEM"},
		"a key's bad name":  {"", []string{key("key.pem", good)}, "is not called NAME.rsa.pub"},
		"Alpine's name":     {"", []string{key(releaseKeys("x86_64")[0], good)}, "has the name of one of Alpine's, but is another key"},
		"two of a name":     {"", []string{mirror.KeyFile, newSigner(t).KeyFile}, "two different Alpine keys are called test@example.org-1.rsa.pub"},
		"a broken PEM part": {"", []string{key("part.rsa.pub", []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"))}, "part.rsa.pub"},
	} {
		t.Run(name, func(t *testing.T) {
			source, _ := openCached(t, "", t.TempDir())
			if _, err := Open(test.where, test.keys, source.store); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestReleaseKeys(t *testing.T) {
	source := openMirror(t, "")
	for _, platform := range images.Platforms() {
		arch := Arch(platform)
		keys, err := source.trusted(arch)
		if err != nil || len(keys) != 1 {
			t.Fatalf("%s: %d keys, %v", arch, len(keys), err)
		}
		for name, key := range keys {
			if _, err := publicKey(key); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestResolvedIsKept holds that the result for an index is kept for the next time, but only for that index, and only
// for those who trust its key.
func TestResolvedIsKept(t *testing.T) {
	mirror, kept := newWritten(t), t.TempDir()
	resolve := func(dir string, keyFiles ...string) ([]images.Pin, error) {
		source, _ := openCached(t, mirror.Dir, dir, keyFiles...)
		return source.Resolve(t.Context(), world())
	}
	want, err := resolve(kept, mirror.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := resolve(kept, mirror.KeyFile)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	files, _ := filepath.Glob(filepath.Join(kept, "resolved", "*"))
	if len(files) != 1 {
		t.Fatalf("the cache has %v", files)
	}
	if _, err := resolve(kept); err == nil || !strings.Contains(err.Error(), "not trusted") {
		t.Errorf("without the key: got %v", err)
	}
	writeFile(t, files[0], []byte("broken"))
	if got, err := resolve(kept, mirror.KeyFile); err != nil || !cmp.Equal(want, got) {
		t.Errorf("with a broken entry: got %v, %v", got, err)
	}

	languages := apktest.Languages()
	languages[1].Version = "9.9.9-r0"
	add(t, mirror, "main", "x86_64", append(apktest.Base(release), languages...)...)
	renewed, err := resolve(t.TempDir(), mirror.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	got, err := resolve(kept, mirror.KeyFile)
	if diff := cmp.Diff(renewed, got); diff != "" || err != nil || cmp.Equal(want, got) {
		t.Errorf("another index: %s, %v", diff, err)
	}
}

// TestGivenUpIndex holds that an index is fetched for the next caller when the first one has given up.
func TestGivenUpIndex(t *testing.T) {
	mirror := newWritten(t)
	ctx, giveUp := context.WithCancel(t.Context())
	files := http.FileServer(http.Dir(mirror.Dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ctx.Err() == nil {
			giveUp()
			<-r.Context().Done()
			return
		}
		files.ServeHTTP(w, r)
	}))
	defer server.Close()
	source := openMirror(t, server.URL, mirror.KeyFile)
	if _, err := source.Resolve(ctx, world()); !errors.Is(err, context.Canceled) {
		t.Errorf("the first caller: got %v", err)
	}
	if _, err := source.Resolve(t.Context(), world()); err != nil {
		t.Errorf("the next caller: got %v", err)
	}
}
