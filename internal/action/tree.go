package action

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// Tree is the files and the environment that an action finds in an image. The zero value has none.
type Tree struct {
	nodes  map[string]node // by absolute path
	layers []layer.Layer
	env    []string
	open   bool
	any    bool // it stands for every image that an upload may meet
}

// node is a file.
type node struct {
	mode    uint32 // st_mode
	link    string // target of a symlink
	content []byte // of a file of the action, or of one that is known without its layer
	file    string // of a file of the action that lies on the disk: its path
	size    int64  // likewise, in bytes
	implied bool   // of a folder: it is there for the files in it alone
	layer   int    // of a file below the action: where its content is,
	stored  string // and under which path
}

// open opens a file of the action.
func (n node) open() (io.ReadCloser, error) {
	if n.file == "" {
		return io.NopCloser(bytes.NewReader(n.content)), nil
	}
	return os.Open(n.file)
}

func (n node) kind() uint32 { return n.mode & code.TypeMask }

// NewTree returns the files in layers, the lowest first, and the variables (NAME=VALUE) that an action is started with.
func NewTree(env []string, layers ...layer.Layer) Tree {
	t := Tree{nodes: map[string]node{}, layers: layers, env: env}
	for place, l := range layers {
		for _, entry := range l.Entries {
			t.add("/"+entry.Path, entry, place)
		}
	}
	return t
}

// types maps the types of archive entries to those of st_mode. An entry of another type only takes its path.
var types = map[byte]uint32{tar.TypeReg: code.Regular, tar.TypeDir: code.Folder, tar.TypeSymlink: code.Symlink}

func (t Tree) add(name string, entry content.Entry, place int) {
	n := node{mode: types[entry.Type] | uint32(entry.Mode)&0o7777, link: entry.Link, layer: place, stored: entry.Path}
	if entry.Type == tar.TypeLink {
		n = t.nodes["/"+entry.Link]
	}
	if old, there := t.nodes[name]; there && old.kind() == code.Folder && n.kind() != code.Folder {
		for below := range t.nodes {
			if strings.HasPrefix(below, name+"/") {
				delete(t.nodes, below)
			}
		}
	}
	t.nodes[name] = n
	for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
		if _, there := t.nodes[dir]; there {
			return
		}
		t.nodes[dir] = node{mode: code.Folder | 0o755}
	}
}

// Know puts the content of a file that is in some layer into the tree, so that no layer is unpacked for it.
func (t Tree) Know(name string, content []byte) {
	if n, there := t.nodes["/"+name]; there && n.kind() == code.Regular {
		n.content, n.stored = content, ""
		t.nodes["/"+name] = n
	}
}

// Open returns the tree for an image whose steps may bring anything: it has every path.
func (t Tree) Open() Tree {
	t.open = true
	return t
}

// uploadDir is the folder of an action before it is accepted, as in the proxy: its files hide none of the image.
const uploadDir = "/" + Dir + "/" + code.Temporary + "0"

// upload is a tree with the files of an action in uploadDir: a [code.Tree].
type upload struct {
	Tree
	own map[string]node // by absolute path
	err error           // of a layer that cannot be read
}

func (t Tree) upload() *upload {
	folder := node{mode: code.Folder | 0o755}
	return &upload{Tree: t, own: map[string]node{"/": folder, "/" + Dir: folder, uploadDir: folder}}
}

// at returns the file at a path that no symlink is on.
func (u *upload) at(name string) node {
	if n, there := u.own[name]; there {
		return n
	}
	return u.nodes[name]
}

// mostLinks is how many symlinks are followed, as Linux does.
const mostLinks = 40

// find follows a path, and a symlink that it leads to where that is asked for. The file's mode is 0 where there is
// none.
func (u *upload) find(name string, follow bool) (place string, found node) {
	place, found = "/", u.own["/"]
	for links, rest := 0, name; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		if part == "" || part == "." {
			continue
		}
		next := path.Join(place, part)
		switch n := u.at(next); {
		case found.kind() != code.Folder:
			return u.missing(name)
		case part == "..", n.kind() != code.Symlink, rest == "" && !follow:
			place, found = next, n
		case links == mostLinks:
			return next, node{}
		default:
			links++
			rest = n.link + "/" + rest
			if path.IsAbs(n.link) {
				place, found = "/", u.own["/"]
			}
		}
	}
	if found.mode == 0 {
		return u.missing(name)
	}
	return place, found
}

// missing returns no file, or any where steps may bring it.
func (u *upload) missing(name string) (string, node) {
	if u.open && !strings.HasPrefix(name, uploadDir) {
		return name, node{mode: code.Regular | 0o755}
	}
	return name, node{}
}

// Lstat implements code.Tree.
func (u *upload) Lstat(name string) uint32 { _, n := u.find(name, false); return n.mode }

// Stat implements code.Tree.
func (u *upload) Stat(name string) uint32 { _, n := u.find(name, true); return n.mode }

// ReadLink implements code.Tree.
func (u *upload) ReadLink(name string) string { _, n := u.find(name, false); return n.link }

// ReadFile implements code.Tree. It unpacks a layer.
func (u *upload) ReadFile(name string) string {
	_, n := u.find(name, true)
	switch {
	case n.kind() != code.Regular:
		return ""
	case n.file != "":
		return string(u.beginning(n, mostText))
	case n.stored == "":
		return string(n.content)
	}
	l := u.layers[n.layer]
	text, err := readFrom(l, n.stored, mostText)
	if err != nil && u.err == nil {
		u.err = fmt.Errorf("read %s of layer %s: %w", n.stored, l.Name, err)
	}
	return string(text)
}

// mostText is how much of a file code.Tree reads, in bytes.
const mostText = 16 << 10

// readFrom returns the first bytes of a file in a layer.
func readFrom(l layer.Layer, name string, most int64) (text []byte, err error) {
	stream, err := l.Uncompressed()
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	for archive := tar.NewReader(stream); ; {
		header, err := archive.Next()
		if err != nil {
			return nil, err
		}
		if content.CleanName(header.Name) == name {
			return io.ReadAll(io.LimitReader(archive, most))
		}
	}
}

// List implements code.Tree.
func (u *upload) List(name string) (names []string) {
	dir, _ := u.find(name, true)
	for _, nodes := range []map[string]node{u.own, u.nodes} {
		for name := range nodes {
			if path.Dir(name) == dir {
				names = append(names, path.Base(name))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// names returns the paths of the action's files, in order.
func (u *upload) names() []string { return slices.Sorted(maps.Keys(u.own)) }
