package apkfs

import (
	"archive/tar"
	"path"
	"slices"
	"strings"
)

// trim removes the files that layers leave out, or moves them to the layer for them, and counts the bytes of each
// pattern.
func (t *tree) trim() {
	for name, e := range t.files {
		for _, pattern := range t.world.Layers[e.layer].Trim {
			if !below(pattern, name) {
				continue
			}
			switch e.header.Typeflag {
			case tar.TypeReg:
				t.trimmed[pattern] += e.header.Size
			case tar.TypeSymlink:
				t.trimmed[pattern] += int64(len(e.header.Linkname))
			}
			t.leaveOut(name, e)
			break
		}
	}
}

// leaveOut puts a file into the layer for that, if there is one.
func (t *tree) leaveOut(name string, e *entry) {
	if e.layer = slices.IndexFunc(t.world.Layers, func(l Layer) bool { return l.Trimmed }); e.layer < 0 {
		delete(t.files, name)
	}
}

// below reports whether a path, or a folder above it, fits a pattern.
func below(pattern, name string) bool {
	for dir := name; dir != "."; dir = path.Dir(dir) {
		if fits(strings.Split(pattern, "/"), strings.Split(dir, "/")) {
			return true
		}
	}
	return false
}

// fits matches the elements of a path: ** is any number of them, else they are matched as by [path.Match].
func fits(pattern, name []string) bool {
	if len(pattern) == 0 {
		return len(name) == 0
	}
	if pattern[0] == "**" {
		return fits(pattern[1:], name) || len(name) > 0 && fits(pattern, name[1:])
	}
	if len(name) == 0 {
		return false
	}
	ok, err := path.Match(pattern[0], name[0])
	return ok && err == nil && fits(pattern[1:], name[1:])
}
