package content

import (
	"archive/tar"
	"path"
	"strings"
)

// The names by which a layer hides files of the layers below (OCI image specification, layer.md, "Whiteouts"). Layers
// that mkimage makes hide nothing; those of steps may.
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// IsWhiteout reports whether a layer's entry of this path is no file of the image, but says that one is gone.
func IsWhiteout(name string) bool { return strings.HasPrefix(path.Base(name), whiteout) }

// cover is the set of paths that a layer hides in the layers below it: PATH stands for that entry, and PATH/ for
// everything in it. Paths have no leading slash.
type cover map[string]bool

// Cover returns a function that reports whether a layer hides a path of the layers below.
func Cover(l Layer) func(path string) bool { return coverOf(l).hides }

func coverOf(l Layer) cover {
	hidden := cover{}
	for _, entry := range l.Entries {
		hidden.add(entry)
	}
	return hidden
}

func (c cover) add(entry Entry) {
	dir, base := path.Split(entry.Path)
	switch {
	case base == opaque:
		c[strings.TrimSuffix(dir, "/")+"/"] = true
	case IsWhiteout(entry.Path):
		name := dir + strings.TrimPrefix(base, whiteout)
		c[name], c[name+"/"] = true, true
	default:
		c[entry.Path] = true
		if entry.Type != tar.TypeDir {
			c[entry.Path+"/"] = true
		}
	}
}

// hides reports whether nothing is seen any more of an entry of a lower layer.
func (c cover) hides(name string) bool {
	if c[name] || c["/"] {
		return true
	}
	for at, letter := range name {
		if letter == '/' && c[name[:at+1]] {
			return true
		}
	}
	return false
}

// CleanName returns the path of an archive's entry as layers here have it: without a leading slash, a dot or a slash at
// the end.
func CleanName(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }
