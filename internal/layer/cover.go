package layer

import (
	"archive/tar"
	"path"
	"strings"
)

// How a layer says that something of the layers below it is gone (OCI image specification, layer.md, "Whiteouts"). Layers
// that are made here delete nothing; those of steps may.
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// Cover is what a layer hides of the layers below it: PATH is the entry of that path, and PATH/ all that is in it. Paths
// have no leading slash.
type Cover map[string]bool

// Add adds an entry of the layer's archive. It reports whether that is a file of the image, and not a note that one is gone.
func (c Cover) Add(header *tar.Header) bool {
	name := CleanName(header.Name)
	dir, base := path.Split(name)
	switch {
	case base == opaque:
		c[strings.TrimSuffix(dir, "/")+"/"] = true
		return false
	case strings.HasPrefix(base, whiteout):
		name = dir + strings.TrimPrefix(base, whiteout)
		c[name], c[name+"/"] = true, true
		return false
	}
	c[name] = true
	if header.Typeflag != tar.TypeDir {
		c[name+"/"] = true
	}
	return true
}

// Hides reports whether nothing is seen any more of an entry of a lower layer.
func (c Cover) Hides(name string) bool {
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
