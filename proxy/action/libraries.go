//go:build linux

package action

import (
	"os"
	"path/filepath"
	"strings"
)

// libraryDirs are the folders in which the loaders of glibc and musl look for
// libraries, as far as they can be known without running them.
func (e *elf) libraryDirs(dir string, env []string) []string {
	var dirs []string
	for _, d := range e.runpath {
		d = strings.ReplaceAll(strings.ReplaceAll(d, "${ORIGIN}", dir), "$ORIGIN", dir)
		dirs = append(dirs, d)
	}
	for _, v := range env {
		if list, ok := strings.CutPrefix(v, "LD_LIBRARY_PATH="); ok {
			dirs = append(dirs, strings.FieldsFunc(list, func(r rune) bool { return r == ':' || r == ';' })...)
		}
	}
	loader := filepath.Base(e.interpreter)
	if machine, ok := strings.CutPrefix(loader, "ld-musl-"); ok {
		if list, err := os.ReadFile("/etc/ld-musl-" + strings.TrimSuffix(machine, ".so.1") + ".path"); err == nil {
			return append(dirs, strings.FieldsFunc(string(list), func(r rune) bool { return r == ':' || r == '\n' })...)
		}
	}
	dirs = append(dirs, "/lib", "/usr/lib", "/usr/local/lib", "/lib64", "/usr/lib64", filepath.Dir(e.interpreter))
	for _, triplet := range []string{"x86_64-linux-gnu", "aarch64-linux-gnu"} {
		dirs = append(dirs, "/lib/"+triplet, "/usr/lib/"+triplet)
	}
	return append(dirs, configured("/etc/ld.so.conf", 0)...)
}

// configured are the folders that an ld.so.conf names, with the files that it
// includes.
func configured(path string, depth int) []string {
	text, err := os.ReadFile(path)
	if err != nil || depth > 4 || len(text) > 64<<10 {
		return nil
	}
	var dirs []string
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && words[0] == "include":
			pattern := words[1]
			if !filepath.IsAbs(pattern) {
				pattern = filepath.Join(filepath.Dir(path), pattern)
			}
			files, _ := filepath.Glob(pattern)
			for _, file := range files {
				dirs = append(dirs, configured(file, depth+1)...)
			}
		case len(words) == 1 && filepath.IsAbs(words[0]):
			dirs = append(dirs, words[0])
		}
	}
	return dirs
}

// builtIn reports whether musl's loader is that library itself.
func (e *elf) builtIn(library string) bool {
	if !strings.HasPrefix(filepath.Base(e.interpreter), "ld-musl-") {
		return false
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(library, "lib"), ".")
	switch name {
	case "c", "pthread", "rt", "m", "dl", "util", "xnet":
		return true
	}
	return false
}
