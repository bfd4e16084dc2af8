package apkfs

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// genuineApk is the apk of Alpine itself, which runs from a folder.
type genuineApk struct{ dir string }

// newGenuineApk unpacks apk-tools from the folder of genuine packages.
func newGenuineApk(t *testing.T) genuineApk {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("CI") == "true" {
		missing = t.Fatalf
	}
	folder, release := os.Getenv("MKIMAGE_ALPINE_MIRROR"), os.Getenv("MKIMAGE_ALPINE_RELEASE")
	if folder == "" || release == "" || strings.Contains(folder, "://") {
		missing("needs apk-tools 2.14 in a folder of packages that $MKIMAGE_ALPINE_MIRROR names, with $MKIMAGE_ALPINE_RELEASE and $MKIMAGE_ALPINE_KEYS")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		missing("runs on linux/amd64, for which there is a genuine apk, and not on %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	if os.Getuid() != 0 {
		missing("needs to be root: apk gives its files away")
	}
	tools := World{Release: release, Platform: images.LinuxAMD64, Layers: []Layer{{Name: "tools", Packages: []string{"apk-tools"}}}}
	tree := install(t, openMirror(t, folder, filepath.SplitList(os.Getenv("MKIMAGE_ALPINE_KEYS"))...), tools)
	apk := genuineApk{t.TempDir()}
	for _, file := range tree.Layers[0] {
		apk.write(t, file)
	}
	if got := apk.run(t, "--version"); !strings.HasPrefix(got.out, "apk-tools 2.14.") {
		t.Fatalf("this is another apk: %s", got.out)
	}
	return apk
}

func (apk genuineApk) write(t *testing.T, file layer.File) {
	t.Helper()
	path := filepath.Join(apk.dir, file.Path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	switch {
	case file.Open != nil:
		err = os.WriteFile(path, bytesOf(t, file), 0o755)
	case file.Link != "" && !strings.HasPrefix(file.Path, "bin/"):
		err = os.Symlink(file.Link, path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// ran is what apk printed.
type ran struct {
	out    string
	failed bool
}

func (apk genuineApk) run(t *testing.T, args ...string) ran {
	t.Helper()
	lib := filepath.Join(apk.dir, "lib")
	loader := []string{"--library-path", lib + ":" + filepath.Join(apk.dir, "usr/lib"), filepath.Join(apk.dir, "sbin/apk")}
	command := exec.CommandContext(t.Context(), filepath.Join(lib, "ld-musl-x86_64.so.1"), append(loader, args...)...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	command.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ran{out.String(), err != nil}
}

// installed is what apk did with a world.
type installed struct {
	ran
	root     string
	packages []string          // NAME-VERSION, in the order of installation
	owners   map[string]string // path of a file -> package, by apk's database
}

var installing = regexp.MustCompile(`(?m)^\(\d+/\d+\) Installing (\S+) \((.*)\)$`)

// add has apk install a world from the repositories of a mirror.
func (apk genuineApk) add(t *testing.T, mirror, keys, release string, world ...string) installed {
	t.Helper()
	root := t.TempDir()
	args := []string{"--root", root, "--initdb", "--arch", "x86_64", "--keys-dir", keys, "--no-cache", "--no-progress", "--no-scripts"}
	var lines strings.Builder // on the command line, the last one would be the first
	for _, repository := range repositories() {
		lines.WriteString(filepath.Join(mirror, release, repository) + "\n")
	}
	list := filepath.Join(t.TempDir(), "repositories")
	writeFile(t, list, []byte(lines.String()))
	args = append(args, "--repositories-file", list)
	got := installed{ran: apk.run(t, append(append(args, "add"), world...)...), root: root, owners: map[string]string{}}
	for _, match := range installing.FindAllStringSubmatch(got.out, -1) {
		got.packages = append(got.packages, match[1]+"-"+match[2])
	}
	database, err := os.Open(filepath.Join(root, "lib/apk/db/installed"))
	if err != nil {
		return got
	}
	defer database.Close()
	text, err := io.ReadAll(database)
	if err != nil {
		t.Fatal(err)
	}
	var name, dir string
	for line := range strings.Lines(string(text)) {
		switch key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":"); key {
		case "P":
			name = value
		case "F":
			dir = value
		case "R":
			got.owners[strings.TrimPrefix(dir+"/"+value, "/")] = name
		}
	}
	return got
}
