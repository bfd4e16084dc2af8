package code

import (
	"path"
	"strings"
)

// missing returns the interpreter or the first library of a program that is not in this image, or "" when all are
// there, as far as that can be known without running the loader.
func (p *Place) missing(e *elf) string {
	if e.interpreter == "" {
		return ""
	}
	if !p.finds(e.interpreter, false) {
		return e.interpreter
	}
	dirs, sure := p.libraryDirs(e)
	for _, name := range e.needed {
		known := strings.Contains(name, "/") || BaseName(e.interpreter) == name || e.builtIn(name)
		if sure && !known && !p.findsIn(dirs, name, false) {
			return name
		}
	}
	return ""
}

// systemDirs are the folders in which the loaders of glibc and musl look without being told.
const systemDirs = ":/lib:/usr/lib:/usr/local/lib:/lib64:/usr/lib64:/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu:"

// libraryDirs returns the folders in which the program's loader looks for libraries. sure is false when there are
// others that only the loader knows.
func (p *Place) libraryDirs(e *elf) (dirs []string, sure bool) {
	dirs = split(strings.ReplaceAll(strings.ReplaceAll(e.runpath, "${ORIGIN}", p.Final), "$ORIGIN", p.Final))
	sure = !strings.Contains(strings.Join(dirs, ""), "$")
	list, _ := variable(p.Env, "LD_LIBRARY_PATH=")
	dirs = append(dirs, split(list)...)
	if machine, ok := strings.CutPrefix(BaseName(e.interpreter), muslLoader); ok {
		list := p.Tree.ReadFile("/etc/ld-musl-" + strings.TrimSuffix(machine, ".so.1") + ".path")
		if len(list) > 0 {
			return append(dirs, split(list)...), sure
		}
	}
	dirs = append(dirs, split(systemDirs+path.Dir(e.interpreter))...)
	return append(dirs, p.configured("/etc/ld.so.conf", 0)...), sure
}

// split returns the folders of a list.
func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ':' || r == ';' || r == '\n' })
}

// configured returns the folders that an ld.so.conf names, with those of the files that it includes.
func (p *Place) configured(name string, depth int) (dirs []string) {
	if depth > 4 {
		return nil
	}
	for _, line := range strings.Split(p.Tree.ReadFile(name), "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && words[0] == "include":
			for _, file := range p.included(path.Dir(name), words[1]) {
				dirs = append(dirs, p.configured(file, depth+1)...)
			}
		case len(words) == 1 && isAbs(words[0]):
			dirs = append(dirs, words[0])
		}
	}
	return dirs
}

// included returns the files that an include line means: its last part may be a pattern.
func (p *Place) included(dir, pattern string) (files []string) {
	if !isAbs(pattern) {
		pattern = path.Join(dir, pattern)
	}
	dir, pattern = path.Split(pattern)
	names := p.Tree.List(dir)
	for _, name := range names {
		if ok, _ := path.Match(pattern, name); ok {
			files = append(files, dir+name)
		}
	}
	return files
}

const (
	muslLoader = "ld-musl-"
	muslItself = " libc libpthread librt libm libdl libutil libxnet "
)

// builtIn reports whether musl's loader is that library itself.
func (e *elf) builtIn(library string) bool {
	name, _, _ := strings.Cut(library, ".")
	return strings.HasPrefix(BaseName(e.interpreter), muslLoader) && strings.Contains(muslItself, " "+name+" ")
}
