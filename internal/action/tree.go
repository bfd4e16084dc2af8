package action

import (
	"archive/tar"
	"maps"
	"path"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// maxLinks is how many symbolic links are followed, as Linux does.
const maxLinks = 40

// Tree is the names in an image's file system, each absolute, with the target where it is a symbolic link. The zero
// value has none.
type Tree map[string]string

// NewTree returns the names of the files in layers, the lowest first.
func NewTree(layers ...layer.Layer) Tree {
	t := Tree{}
	for _, l := range layers {
		for _, entry := range l.Entries {
			target := ""
			if entry.Type == tar.TypeSymlink {
				target = entry.Link
			}
			t["/"+entry.Path] = target
		}
	}
	return t
}

// Open returns the tree for an image whose steps may bring anything: it has every path.
func (t Tree) Open() Tree {
	all := Tree{anything: ""}
	maps.Copy(all, t)
	return all
}

// anything is no path. A tree with it has every path.
const anything = ""

// with returns the tree with an action's files too.
func (t Tree) with(files []file) Tree {
	all := maps.Clone(t)
	if all == nil {
		all = Tree{}
	}
	for _, f := range files {
		all["/"+Dir+"/"+f.name] = f.link
	}
	return all
}

// Has reports whether a path leads to something, also through symbolic links.
func (t Tree) Has(name string) bool {
	if !path.IsAbs(name) {
		name = path.Join("/"+Dir, name)
	}
	for range maxLinks {
		name = path.Clean(name)
		followed, again := t.follow(name)
		if !again {
			_, there := t[name]
			_, open := t[anything]
			return there || open
		}
		name = followed
	}
	return false
}

// follow resolves the first symbolic link on the way to a clean path.
func (t Tree) follow(name string) (string, bool) {
	for end := 1; end <= len(name); end++ {
		if end < len(name) && name[end] != '/' {
			continue
		}
		target := t[name[:end]]
		if target == "" {
			continue
		}
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(name[:end]), target)
		}
		return target + name[end:], true
	}
	return name, false
}

func (t Tree) anyHas(dirs []string, name string) bool {
	for _, dir := range dirs {
		if t.Has(path.Join(dir, name)) {
			return true
		}
	}
	return false
}

// onPath reports whether a program is in a folder of an image's PATH.
func (t Tree) onPath(name string) bool {
	return t.anyHas(strings.Split("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ":"), name)
}
