package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestArchivesDependOnContentAlone(t *testing.T) {
	at := time.Unix(1_700_000_000, 0).UTC()
	files := []file{{"a", 0o644, []byte("x")}, {"mkimage", 0o755, []byte("program")}}
	var names []string
	packed, err := writeTar(files, at)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
		if header.Uid != 0 || header.Uname != "" || !header.ModTime.Equal(at) {
			t.Errorf("%+v", header)
		}
	}
	if !slices.Equal(names, []string{"a", "mkimage"}) {
		t.Errorf("names %q", names)
	}
	packed, err = writeZip(files, at)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	if mode := archive.File[1].Mode(); mode != 0o755 {
		t.Errorf("mode %s", mode)
	}
}

func TestNotes(t *testing.T) {
	const changelog = "# Changelog\n\n## [Unreleased]\n\n- new\n\n## [1.0.0] - 2026-12-01\n\n### Added\n\n- first\n\n## [0.9.0]\n\n- old\n"
	for number, want := range map[string]string{"1.0.0": "### Added\n\n- first\n", "0.9.0": "- old\n", "2.0.0": "- new\n"} {
		if got := notes(changelog, number); got != want {
			t.Errorf("%s: %q", number, got)
		}
	}
}

// TestFormula holds that the formula names each archive with its checksum, and that there is none where one is missing.
func TestFormula(t *testing.T) {
	r := release{output: t.TempDir(), version: "v1.2.3"}
	var sums []string
	for i, target := range targets()[:4] { // of Linux and macOS
		content := []byte(target.String())
		if err := r.write(fmt.Sprintf("mkimage_1.2.3_%s_%s.tar.gz", target.os, target.arch), content); err != nil {
			t.Fatal(err)
		}
		sums = append(sums, fmt.Sprintf("%x", sha256.Sum256(content)))
		if err := r.writeFormula(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(r.output, "mkimage.rb")); (err == nil) != (i == 3) {
			t.Fatalf("after %d archives: %v", i+1, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(r.output, "mkimage.rb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range append(sums, `version "1.2.3"`, "/releases/download/v1.2.3/mkimage_1.2.3_darwin_arm64.tar.gz\"") {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("%s is there %d times:\n%s", want, strings.Count(string(text), want), text)
		}
	}
}

// TestTwice makes a release in two clones, with two umasks, time zones and homes, and builds an image without Go. The first
// is left in $MKIMAGE_TEST_RELEASE, if that is set, for tests that install it.
func TestTwice(t *testing.T) {
	script, err := filepath.Abs("../../release")
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Dir(filepath.Dir(script))
	caches := environment(t, "GOCACHE", "GOMODCACHE", "GOPATH")
	var made [2]string
	for i, umask := range []string{"022", "077"} {
		clone := filepath.Join(t.TempDir(), "clone")
		call(t, ".", nil, "git", "clone", "-q", root, clone)
		made[i] = filepath.Join(t.TempDir(), "release")
		if kept := os.Getenv("MKIMAGE_TEST_RELEASE"); kept != "" && i == 0 {
			made[i] = kept
		}
		extra := append(slices.Clone(caches), "HOME="+t.TempDir(), "TZ="+[]string{"UTC", "Asia/Tokyo"}[i])
		call(t, clone, extra, "sh", "-c", "umask "+umask+"; exec ci/release --snapshot --only linux/amd64 --only windows/arm64 --output "+made[i])
	}
	entries, err := os.ReadDir(made[0])
	if err != nil {
		t.Fatal(err)
	}
	var archive string
	for _, entry := range entries {
		var contents [2][]byte
		for i := range made {
			if contents[i], err = os.ReadFile(filepath.Join(made[i], entry.Name())); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(contents[0], contents[1]) {
			t.Errorf("%s differs", entry.Name())
		}
		if strings.HasSuffix(entry.Name(), "_linux_amd64.tar.gz") {
			archive = filepath.Join(made[0], entry.Name())
			if len(contents[0]) > 18_000_000 {
				t.Errorf("%s has %d bytes", entry.Name(), len(contents[0]))
			}
		}
	}
	call(t, made[0], nil, "sha256sum", "--check", "--quiet", checksums)

	place := t.TempDir()
	call(t, place, nil, "tar", "-xzf", archive)
	without := []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "XDG_CACHE_HOME="}
	var about struct{ Version, Commit, Proxy string }
	if err := json.Unmarshal(call(t, place, without, "./mkimage", "version", "--json"), &about); err != nil {
		t.Fatal(err)
	}
	if about.Proxy != "carried" || len(about.Commit) != 40 || !strings.HasPrefix(about.Version, "v0.0.0-snapshot.") {
		t.Errorf("%+v", about)
	}
	carried := call(t, place, without, "./mkimage", "build", "scratch")
	compiled := call(t, root, append(caches, "HOME="+t.TempDir()), "go", "run", "./cmd/mkimage", "build", "scratch", "--output", "type=oci,dest="+filepath.Join(t.TempDir(), "scratch"))
	if !bytes.Equal(carried, compiled) {
		t.Errorf("carried %s compiled %s", carried, compiled)
	}
}

// environment returns variables of the go command, as they are here.
func environment(t *testing.T, names ...string) []string {
	var all []string
	for _, name := range names {
		all = append(all, name+"="+strings.TrimSpace(string(call(t, ".", nil, "go", "env", name))))
	}
	return all
}

// call returns the stdout of a program.
func call(t *testing.T, dir string, extra []string, name string, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir, command.Env, command.Stderr = dir, append(os.Environ(), extra...), &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, stderr.Bytes())
	}
	return out
}
