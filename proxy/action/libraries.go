//go:build linux

package action

import (
	"path"
	"strings"
)

// missing is the interpreter or the first library of a program that is not in
// this image, or "" when all are there, as far as that can be known without
// running the loader.
func (p placement) missing(e *elf) string {
	if e.interpreter == "" {
		return ""
	}
	if !p.finds(e.interpreter, exists) {
		return e.interpreter
	}
	dirs, sure := p.libraryDirs(e)
	for _, name := range e.needed {
		known := strings.Contains(name, "/") || baseName(e.interpreter) == name || e.builtIn(name)
		if sure && !known && !p.underPath(dirs, name, exists) {
			return name
		}
	}
	return ""
}

func exists(name string) bool {
	kind, _ := stat(name)
	return kind != 0
}

// libraryDirs are the folders in which the loaders of glibc and musl look for
// libraries. sure is false when there are others that only the loader knows.
func (p placement) libraryDirs(e *elf) (dirs []string, sure bool) {
	sure = true
	for _, d := range e.runpath {
		if d == "" {
			continue
		}
		d = strings.ReplaceAll(strings.ReplaceAll(d, "${ORIGIN}", p.final), "$ORIGIN", p.final)
		sure = sure && !strings.Contains(d, "$")
		dirs = append(dirs, d)
	}
	for _, v := range p.env {
		if list, ok := strings.CutPrefix(v, "LD_LIBRARY_PATH="); ok {
			dirs = append(dirs, strings.FieldsFunc(list, func(r rune) bool { return r == ':' || r == ';' })...)
		}
	}
	loader := baseName(e.interpreter)
	if machine, ok := strings.CutPrefix(loader, "ld-musl-"); ok {
		list := readFile("/etc/ld-musl-"+strings.TrimSuffix(machine, ".so.1")+".path", maxConfig)
		if len(list) > 0 {
			return append(dirs, strings.FieldsFunc(string(list), func(r rune) bool { return r == ':' || r == '\n' })...), sure
		}
	}
	dirs = append(dirs, "/lib", "/usr/lib", "/usr/local/lib", "/lib64", "/usr/lib64", path.Dir(e.interpreter))
	for _, triplet := range []string{"x86_64-linux-gnu", "aarch64-linux-gnu"} {
		dirs = append(dirs, "/lib/"+triplet, "/usr/lib/"+triplet)
	}
	return append(dirs, configured("/etc/ld.so.conf", 0)...), sure
}

// maxConfig is how much of a loader's configuration is read, in bytes.
const maxConfig = 16 << 10

// configured are the folders that an ld.so.conf names, with those of the files
// that it includes.
func configured(name string, depth int) (dirs []string) {
	if depth > 4 {
		return nil
	}
	for _, line := range strings.Split(string(readFile(name, maxConfig)), "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && words[0] == "include":
			for _, file := range included(path.Dir(name), words[1]) {
				dirs = append(dirs, configured(file, depth+1)...)
			}
		case len(words) == 1 && isAbs(words[0]):
			dirs = append(dirs, words[0])
		}
	}
	return dirs
}

// included are the files that an include line means: its last part may be a
// pattern.
func included(dir, pattern string) (files []string) {
	if !isAbs(pattern) {
		pattern = path.Join(dir, pattern)
	}
	dir, pattern = path.Split(pattern)
	names, _ := list(dir)
	for _, name := range names {
		if ok, _ := path.Match(pattern, name); ok {
			files = append(files, dir+name)
		}
	}
	return files
}

// builtIn reports whether musl's loader is that library itself.
func (e *elf) builtIn(library string) bool {
	if !strings.HasPrefix(baseName(e.interpreter), "ld-musl-") {
		return false
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(library, "lib"), ".")
	switch name {
	case "c", "pthread", "rt", "m", "dl", "util", "xnet":
		return true
	}
	return false
}
