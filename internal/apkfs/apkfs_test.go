package apkfs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

const release = "v3.22"

// newWritten writes a mirror with a base and languages for both machines. All that it writes have one key.
func newWritten(t *testing.T) *apktest.Mirror {
	t.Helper()
	dir, files := t.TempDir(), written()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	mirror, err := apktest.New(dir) // of the same key
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of a mirror, %v", len(files), err)
	}
	return mirror
}

// newSigner writes such a mirror with a key of its own.
func newSigner(t *testing.T) *apktest.Mirror {
	t.Helper()
	mirror, err := writeMirror(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return mirror
}

func writeMirror(dir string) (*apktest.Mirror, error) {
	mirror, err := apktest.New(dir)
	for _, arch := range []string{"x86_64", "aarch64"} {
		if err == nil {
			err = mirror.Add(release, "main", arch, append(apktest.Base(release), apktest.Languages()...)...)
		}
	}
	return mirror, err
}

// written returns the files of the mirror of newWritten, or none if that failed. Packing and signing them for every test
// was a third of the work of all tests.
var written = sync.OnceValue(func() fstest.MapFS {
	dir, err := os.MkdirTemp("", "mirror")
	if err != nil {
		return nil
	}
	defer os.RemoveAll(dir)
	if _, err := writeMirror(dir); err != nil {
		return nil
	}
	files := fstest.MapFS{}
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = &fstest.MapFile{Data: content, Mode: 0o600}
		return err
	})
	if err != nil {
		return nil
	}
	return files
})

func add(t *testing.T, mirror *apktest.Mirror, repository, arch string, packages ...apktest.Package) {
	t.Helper()
	if err := mirror.Add(release, repository, arch, packages...); err != nil {
		t.Fatal(err)
	}
}

// openMirror opens a mirror with an empty cache.
func openMirror(t *testing.T, where string, keyFiles ...string) *Source {
	t.Helper()
	source, _ := openCached(t, where, t.TempDir(), keyFiles...)
	return source
}

func openCached(t *testing.T, where, dir string, keyFiles ...string) (*Source, string) {
	t.Helper()
	store, err := cache.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	source, err := Open(where, keyFiles, store)
	if err != nil {
		t.Fatal(err)
	}
	return source, dir
}

func world() World {
	return World{Release: release, Platform: images.LinuxAMD64, Layers: []Layer{
		{Name: "base", Packages: []string{"alpine-baselayout", "alpine-release", "busybox", "ca-certificates-bundle", "musl"}},
		{Name: "stemcell-bash", Packages: []string{"bash", "jq"}, Trim: []string{"usr/lib/bash"}},
	}}
}

// install resolves and installs.
func install(t *testing.T, source *Source, w World) Tree {
	t.Helper()
	pins, err := source.Resolve(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := source.Install(t.Context(), w, pins)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// digests stand for the layers of a tree: names, modes, owners and contents.
func digests(t *testing.T, tree Tree) []string {
	t.Helper()
	var all []string
	for _, files := range tree.Layers {
		sum := sha256.New()
		for _, line := range lines(files) {
			fmt.Fprintln(sum, line)
		}
		for _, file := range slices.SortedFunc(slices.Values(files), func(a, b layer.File) int { return strings.Compare(a.Path, b.Path) }) {
			if file.Open != nil {
				fmt.Fprintf(sum, "%d\n%s", file.Size, bytesOf(t, file))
			}
		}
		all = append(all, hex.EncodeToString(sum.Sum(nil)))
	}
	return all
}

// TestTrimmed holds that what other layers trim may be in a layer of its own, and that those are as without it.
func TestTrimmed(t *testing.T) {
	mirror := newWritten(t)
	source := openMirror(t, mirror.Dir, mirror.KeyFile)
	want, w := install(t, source, world()), world()
	w.Layers = append(w.Layers, Layer{Name: "build", Packages: []string{"bash"}, Trimmed: true})
	tree := install(t, source, w)
	for i := range want.Layers {
		if diff := cmp.Diff(lines(want.Layers[i]), lines(tree.Layers[i])); diff != "" {
			t.Errorf("layer %d: %s", i, diff)
		}
	}
	for _, file := range tree.Layers[len(want.Layers)] {
		if strings.HasPrefix(file.Path, "usr/lib/bash/") && file.Open != nil && string(bytesOf(t, file)) == "a builtin" {
			return
		}
	}
	t.Errorf("what is trimmed is not there: %v", lines(tree.Layers[len(want.Layers)]))
}

func TestInstall(t *testing.T) {
	mirror := newWritten(t)
	tree := install(t, openMirror(t, mirror.Dir, mirror.KeyFile), world())
	want := [][]string{{
		"-rwxr-xr-x 0:0 bin/busybox", "Lrwxrwxrwx 0:0 bin/ls -> /bin/busybox", "Lrwxrwxrwx 0:0 bin/sh -> /bin/busybox",
		"-rw-r----- 0:42 etc/shadow", "dtrwxrwxrwx 0:0 tmp", "drwx------ 0:0 root", "Lrwxrwxrwx 0:0 usr/bin/[ -> /bin/busybox",
		"-rw-r--r-- 0:0 lib/apk/db/installed", "-rw-r--r-- 0:0 etc/apk/world", "-rw-r--r-- 0:0 etc/apk/repositories", "-rw-r--r-- 0:0 etc/os-release",
	}, {
		"-rwxr-xr-x 0:0 bin/bash", "-rwxr-xr-x 0:0 usr/bin/jq", "-rwxr-xr-x 0:0 usr/lib/libreadline.so.8", "-rw-r--r-- 0:0 etc/shells",
		"-rw-r--r-- 0:0 lib/apk/db/installed", "-rw-r--r-- 0:0 etc/apk/world",
	}}
	for i, wanted := range want {
		got := lines(tree.Layers[i])
		for _, line := range wanted {
			if !slices.Contains(got, line) {
				t.Errorf("layer %d lacks %q; it has\n%s", i, line, strings.Join(got, "\n"))
			}
		}
	}
	if got := lines(tree.Layers[1]); slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, "usr/lib/bash") }) {
		t.Errorf("what is trimmed is there: %v", got)
	}
	if tree.Trimmed["usr/lib/bash"] != int64(len("a builtin")) {
		t.Errorf("trimmed %v", tree.Trimmed)
	}
	for name, want := range map[string]string{
		"etc/shells":           "/bin/sh\n/bin/bash\n",
		"etc/apk/world":        "alpine-baselayout\nalpine-release\nbash\nbusybox\nca-certificates-bundle\njq\nmusl\n",
		"lib/apk/db/installed": "P:bash\nV:5.2.37-r0\n",
	} {
		if got := text(t, tree.Layers[1], name); !strings.Contains(got, want) {
			t.Errorf("%s has\n%s\nwant %s", name, got, want)
		}
	}
	database := text(t, tree.Layers[1], "lib/apk/db/installed")
	for _, absent := range []string{"csv", "i:[]", mirror.Dir, "127.0.0.1"} {
		if strings.Contains(database, absent) {
			t.Errorf("the database has %q:\n%s", absent, database)
		}
	}
	if got, want := text(t, tree.Layers[0], "etc/apk/repositories"), PublicMirror+"/v3.22/main\n"+PublicMirror+"/v3.22/community\n"; got != want {
		t.Errorf("repositories: %s", got)
	}
	for _, file := range slices.Concat(tree.Layers...) {
		if strings.HasPrefix(file.Path, "var/cache/apk/") || file.Path == "sbin/apk" {
			t.Errorf("%s is in the image", file.Path)
		}
	}
}

func TestPackagesAreDescribed(t *testing.T) {
	mirror := newWritten(t)
	tree := install(t, openMirror(t, mirror.Dir, mirror.KeyFile), world())
	at := slices.IndexFunc(tree.Packages, func(p Package) bool { return p.Name == "bash" })
	got := tree.Packages[at]
	if got.License != "MIT" || got.Origin != "bash" || got.Layer != "stemcell-bash" || got.Signer != filepath.Base(mirror.KeyFile) ||
		got.Platform != images.LinuxAMD64 || !slices.Equal(got.Files, []string{"bin/bash"}) || !strings.HasPrefix(got.Checksum, "Q1") {
		t.Errorf("got %+v", got)
	}
	var pins []images.Pin
	for _, p := range tree.Packages {
		pins = append(pins, p.Pin)
	}
	if got := ForeignSigners(pins); got != "test@example.org-1" {
		t.Errorf("foreign keys: %q", got)
	}
	for i := range pins {
		pins[i].Signer = releaseKeys("x86_64")[0]
	}
	if got := ForeignSigners(pins); got != "" {
		t.Errorf("foreign keys: %q, want none", got)
	}
}

func TestTheSameFromEverywhere(t *testing.T) {
	mirror := newWritten(t)
	server := httptest.NewServer(http.FileServer(http.Dir(mirror.Dir)))
	defer server.Close()
	folder, dir := openCached(t, mirror.Dir, t.TempDir(), mirror.KeyFile)
	cold := digests(t, install(t, folder, world()))
	warm, _ := openCached(t, mirror.Dir, dir, mirror.KeyFile)
	for name, source := range map[string]*Source{"warm": warm, "http": openMirror(t, server.URL, mirror.KeyFile)} {
		if diff := cmp.Diff(cold, digests(t, install(t, source, world()))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	alone := world()
	alone.Layers = alone.Layers[:1]
	if got := digests(t, install(t, warm, alone)); got[0] != cold[0] {
		t.Error("the base depends on what is above it")
	}
	arm := world()
	arm.Platform = images.LinuxARM64
	if got := digests(t, install(t, folder, arm)); got[0] == cold[0] {
		t.Error("both machines have one base")
	}
}

func TestReleasePackageIsMissing(t *testing.T) {
	mirror := newWritten(t)
	base := slices.DeleteFunc(apktest.Base(release), func(p apktest.Package) bool { return p.Name == releasePackage })
	add(t, mirror, "main", "x86_64", append(base, apktest.Languages()...)...)
	tree := install(t, openMirror(t, mirror.Dir, mirror.KeyFile), world())
	if got := text(t, tree.Layers[0], "etc/os-release"); !strings.Contains(got, "ID=alpine\nVERSION_ID=3.22\n") {
		t.Errorf("os-release: %s", got)
	}
}

func TestTwoRepositories(t *testing.T) {
	mirror := newWritten(t)
	add(t, mirror, "main", "x86_64", apktest.Base(release)...)
	add(t, mirror, "community", "x86_64", apktest.Languages()...)
	pins, err := openMirror(t, mirror.Dir, mirror.KeyFile).Resolve(t.Context(), world())
	if err != nil {
		t.Fatal(err)
	}
	for _, pin := range pins {
		if want := map[bool]string{true: "main", false: "community"}[pin.Layer == "base"]; pin.Repository != want {
			t.Errorf("%s is from %s, want %s", pin, pin.Repository, want)
		}
	}
}

func lines(files []layer.File) []string {
	var all []string
	for _, f := range files {
		line := fmt.Sprintf("%v %d:%d %s", f.Mode, f.UID, f.GID, f.Path)
		if f.Link != "" {
			line += " -> " + f.Link
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

func text(t *testing.T, files []layer.File, name string) string {
	t.Helper()
	at := slices.IndexFunc(files, func(f layer.File) bool { return f.Path == name })
	if at < 0 {
		t.Fatalf("there is no %s", name)
	}
	return string(bytesOf(t, files[at]))
}

func bytesOf(t *testing.T, file layer.File) []byte {
	t.Helper()
	opened, err := file.Open()
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(opened)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}
