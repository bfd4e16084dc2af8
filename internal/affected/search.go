package affected

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

// search looks for sources in a change. All names are absolute, with slashes, as the system has them without links.
type search struct {
	Change
	here           string
	files, ignored []string // in lower case
}

func newSearch(change Change) (search, error) {
	here, err := os.Getwd()
	if err == nil {
		here, err = filepath.EvalSymlinks(here)
	}
	s := search{Change: change, here: here}
	for _, file := range change.Files {
		s.files = append(s.files, fold(filepath.Join(here, file)))
	}
	for _, file := range change.Ignored {
		s.ignored = append(s.ignored, fold(filepath.Join(here, file)))
	}
	return s, err
}

// fold makes upper and lower case one: there are file systems on which a definition may name a file otherwise than git.
func fold(name string) string { return strings.ToLower(filepath.ToSlash(name)) }

// touches reports whether the change is one of a file or folder, absolute or as seen from the working directory.
func (s search) touches(name string) bool { return s.touchesAny(s.sourcesAt(name, false)) }

func (s search) touchesAny(sources []source) bool {
	for _, source := range sources {
		if !s.holds(source.path) || s.has(source) {
			return true
		}
	}
	return false
}

// holds reports whether a change of a file would be among the files.
func (s search) holds(name string) bool {
	seen, err := filepath.Rel(s.here, name)
	return s.Holds == nil || err == nil && s.Holds(filepath.ToSlash(seen))
}

// has reports whether the change is one of the source.
func (s search) has(source source) bool {
	at := fold(source.path)
	for _, file := range s.files {
		if within(file, at) || within(at, file) && !(source.isPackage && foreign(at, file)) {
			return true
		}
	}
	for _, file := range s.ignored { // a package's folder may hold dist, or files that tests write
		own := !source.isPackage || path.Ext(file) == ".go" && !foreign(at, file)
		if within(file, at) || within(at, file) && own {
			return true
		}
	}
	return false
}

// foreign reports whether a file below the folder of a Go package is Go of another one, or of a test.
func foreign(dir, file string) bool {
	return path.Ext(file) == ".go" && (path.Dir(file) != dir || strings.HasSuffix(file, "_test.go"))
}

// within reports whether a file is a folder's, or the folder itself.
func within(folder, file string) bool {
	return file == folder || strings.HasPrefix(file, strings.TrimSuffix(folder, "/")+"/")
}
