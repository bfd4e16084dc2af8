package ci_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// version is that of the release in the tests.
const version = "v0.0.1"

// writeRelease writes a release for this machine with that program into dir/v0.0.1, as ci/release names its files.
func writeRelease(t *testing.T, dir string, program []byte) (archive string) {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	files := tar.NewWriter(zipped)
	if err := files.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "mkimage", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	name := "mkimage_" + strings.TrimPrefix(version, "v") + "_" + runtime.GOOS + "_" + runtime.GOARCH + ".tar.gz"
	dir = filepath.Join(dir, version)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, "install", filepath.Join(dir, "install.sh"))
	for name, content := range map[string][]byte{name: packed.Bytes(), "checksums.txt": fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(packed.Bytes()), name)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, name)
}

// released serves a release to the pipeline of a project: the one that ci/release has made in $MKIMAGE_TEST_RELEASE, or
// one of the tested mkimage.
func released(t *testing.T, p *project) {
	t.Helper()
	p.ref = version
	dir := os.Getenv("MKIMAGE_TEST_RELEASE")
	if dir == "" {
		program, err := os.ReadFile(mkimage)
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Dir(writeRelease(t, t.TempDir(), program))
	} else {
		p.ref = "v" + versionIn(t, dir)
	}
	server := httptest.NewServer(http.StripPrefix("/"+p.ref+"/", http.FileServer(http.Dir(dir))))
	t.Cleanup(server.Close)
	p.own["MKIMAGE_RELEASES"] = server.URL
}

// versionIn returns the version of a release for this machine.
func versionIn(t *testing.T, dir string) string {
	t.Helper()
	end := "_" + runtime.GOOS + "_" + runtime.GOARCH + ".tar.gz"
	archives, err := filepath.Glob(filepath.Join(dir, "mkimage_*"+end))
	if err != nil || len(archives) != 1 {
		t.Fatalf("the release in %s has %q: %v", dir, archives, err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(archives[0]), "mkimage_"), end)
}

// TestInstall holds that ci/install installs a release, and that it installs nothing if something is wrong with it.
func TestInstall(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip(err)
	}
	const program = "#!/bin/sh\necho mkimage " + version + "\n"
	for _, test := range []struct {
		name   string
		change func(t *testing.T, archive string)
		args   []string
		status int
		said   string
	}{
		{name: "a release", args: []string{"--version", version}, said: "/bin is not on the PATH; put it there,"},
		{name: "a folder", args: []string{"--version", version, "--from", "FOLDER"}, said: "/bin/mkimage\n"},
		{name: "a wrong checksum", args: []string{"--version", version}, status: 1, said: "it was cut short or changed; nothing is installed\n", change: func(t *testing.T, archive string) {
			replace(t, archive, func(text []byte) []byte { text[len(text)/2] ^= 1; return text })
		}},
		{name: "cut short", args: []string{"--version", version}, status: 1, said: "it was cut short or changed; nothing is installed\n", change: func(t *testing.T, archive string) {
			replace(t, archive, func(text []byte) []byte { return text[:len(text)/2] })
		}},
		{name: "nothing for this machine", args: []string{"--version", version}, status: 3, said: "has nothing for " + runtime.GOOS + "/" + runtime.GOARCH, change: func(t *testing.T, archive string) {
			replace(t, filepath.Join(filepath.Dir(archive), "checksums.txt"), func(text []byte) []byte {
				return bytes.ReplaceAll(text, []byte(runtime.GOARCH), []byte("mips"))
			})
		}},
		{name: "for another machine", args: []string{"--version", version}, status: 1, said: "does not run on this machine; nothing is installed\n", change: func(t *testing.T, archive string) {
			writeRelease(t, filepath.Dir(filepath.Dir(archive)), []byte("\x7fELF of another machine"))
		}},
		{name: "no such release", args: []string{"--version", "v9.9.9"}, status: 3, said: "there is no http://127.0.0.1:"},
		{name: "a branch", args: []string{"--version", "main"}, status: 3, said: `there is no release "main": want vX.Y.Z`},
		{name: "a path", args: []string{"--version", "v1.0.0/../../x"}, status: 3, said: "want vX.Y.Z"},
		{name: "no value", args: []string{"--version"}, status: 2, said: "--version needs a value; see install --help"},
		{name: "an unknown flag", args: []string{"--verison"}, status: 2, said: "unknown argument --verison; see install --help"},
		{name: "help", args: []string{"--help"}, said: "ci/install [--version vX.Y.Z] [--from URL|DIR] [--to DIR]"},
		{name: "no place", args: []string{"--version", version, "--to", "/dev/null/bin"}, status: 1, said: "/dev/null/bin cannot be written; give another --to"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, to := t.TempDir(), filepath.Join(t.TempDir(), "bin")
			archive := writeRelease(t, dir, []byte(program))
			if test.change != nil {
				test.change(t, archive)
			}
			server := httptest.NewServer(http.FileServer(http.Dir(dir)))
			defer server.Close()
			args := append([]string{"install", "--to", to}, test.args...)
			for i, arg := range args {
				args[i] = strings.ReplaceAll(arg, "FOLDER", filepath.Dir(archive))
			}
			command := exec.CommandContext(t.Context(), "sh", args...)
			command.Env = append(os.Environ(), "MKIMAGE_RELEASES="+server.URL)
			said, _ := command.CombinedOutput() // the status is looked at
			if status := command.ProcessState.ExitCode(); status != test.status || !strings.Contains(string(said), test.said) {
				t.Errorf("status %d: %s", status, said)
			}
			entries, _ := os.ReadDir(to) // it may not be there
			if installed := test.status == 0 && test.name != "help"; installed != (len(entries) == 1) {
				t.Errorf("installed: %v", entries)
			}
		})
	}
}

// replace writes a file anew.
func replace(t *testing.T, file string, change func(text []byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, change(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
