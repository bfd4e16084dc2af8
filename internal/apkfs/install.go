package apkfs

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// Format is the version of the way from packages to files. It is raised when the same packages give other files.
const Format = "apkfs 2"

// Install fetches, verifies and installs the packages. pins are those of Resolve or of a lock.
func (s *Source) Install(ctx context.Context, w World, pins []images.Pin) (Tree, error) {
	packages, err := s.fetchAll(ctx, w, pins)
	if err != nil {
		return Tree{}, err
	}
	t := newTree(w)
	for _, p := range inOrder(w, packages) {
		if err := t.add(p); err != nil {
			return Tree{}, fmt.Errorf("install %s: %w", p.pin, err)
		}
	}
	if err := t.runScripts(packages); err != nil {
		return Tree{}, err
	}
	t.placeBytecode()
	t.trim()
	t.describe(packages)
	return t.result(packages), nil
}

// tree is a world during installation. The file systems of apko are no use here: they forget owners, special mode bits
// of folders, or the package of a file.
type tree struct {
	world   World
	order   map[string]int    // layer -> its place
	files   map[string]*entry // files of packages, by path
	made    []map[string]layer.File
	trimmed map[string]int64 // pattern -> bytes
}

// entry is a file of a package.
type entry struct {
	content
	owner *unpacked
	layer int
}

func newTree(w World) *tree {
	t := &tree{world: w, order: map[string]int{}, files: map[string]*entry{}, trimmed: map[string]int64{}}
	for i, l := range w.Layers {
		t.order[l.Name] = i
		t.made = append(t.made, map[string]layer.File{})
	}
	return t
}

// add puts the files of a package into its layer.
func (t *tree) add(p *unpacked) error {
	place, ok := t.order[p.pin.Layer]
	if !ok {
		return fmt.Errorf("there is no layer %q", p.pin.Layer)
	}
	for _, file := range p.files {
		for dir := path.Dir(file.path); dir != "."; dir = path.Dir(dir) {
			if parent := t.files[dir]; parent != nil && parent.header.Typeflag != tar.TypeDir {
				return fmt.Errorf("%s is below %s, which is a file or a link of %s", file.path, dir, parent.owner.pin.Name)
			}
		}
		if file.header.Typeflag == tar.TypeLink {
			if err := file.follow(t, p); err != nil {
				return err
			}
		}
		e := t.files[file.path]
		if e != nil && e.header.Typeflag == tar.TypeDir && file.header.Typeflag == tar.TypeDir {
			e.share(file.header, place)
			continue
		}
		keep, err := e.yields(file, p)
		if err != nil {
			return err
		}
		if keep {
			t.files[file.path] = &entry{file, p, place}
		}
	}
	return nil
}

// follow checks that the target of a hard link is a file of the same package, and sets the link's bytes to the
// target's.
func (c *content) follow(t *tree, p *unpacked) error {
	target := t.files[path.Clean(strings.TrimPrefix(c.header.Linkname, "/"))]
	if target == nil || target.owner != p || target.header.Typeflag == tar.TypeDir || target.header.Typeflag == tar.TypeSymlink {
		return fmt.Errorf("%s is a hard link to %s, which is not a file of the package", c.path, c.header.Linkname)
	}
	c.bytes = target.bytes
	return nil
}

// read returns the content of a file in the layer, or in the next lower layer that has it.
func (t *tree) read(place int, name string) ([]byte, bool) {
	for i := place; i >= 0; i-- {
		if file, ok := t.made[i][name]; ok && file.Open != nil {
			content, err := file.Open()
			if err != nil {
				return nil, false
			}
			text, err := io.ReadAll(content)
			return text, err == nil
		}
	}
	if e := t.files[name]; e != nil && e.layer <= place && e.header.Typeflag == tar.TypeReg {
		return e.bytes, true
	}
	return nil, false
}

// write writes a file owned by root into a layer, and the folders above it.
func (t *tree) write(place int, name string, text []byte) {
	t.parents(place, name)
	t.made[place][name] = layer.Regular(name, 0o644, text)
}

// parents adds the folders above a file that belongs to no package.
func (t *tree) parents(place int, name string) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if e := t.files[dir]; e != nil && e.layer <= place {
			continue
		}
		t.made[place][dir] = layer.Directory(dir, 0o755)
	}
}

// result returns the files of each layer.
func (t *tree) result(packages []*unpacked) Tree {
	result := Tree{Layers: make([][]layer.File, len(t.made)), Trimmed: t.trimmed}
	own := map[*unpacked][]string{}
	for name, e := range t.files {
		t.parents(e.layer, name)
		if e.header.Typeflag != tar.TypeDir {
			own[e.owner] = append(own[e.owner], name)
		}
		if _, changed := t.made[e.layer][name]; !changed {
			result.Layers[e.layer] = append(result.Layers[e.layer], t.file(e))
		}
	}
	for place, files := range t.made {
		for _, file := range files {
			result.Layers[place] = append(result.Layers[place], file)
		}
	}
	for _, p := range packages {
		slices.Sort(own[p])
		result.Packages = append(result.Packages, Package{
			Pin: p.pin, Platform: t.world.Platform,
			Description: p.about.Description, License: p.about.License, Origin: p.about.Origin, URL: p.about.URL,
			Maintainer: p.about.Maintainer, Commit: p.about.RepoCommit,
			Depends: p.about.Dependencies, Provides: p.about.Provides, Files: own[p],
		})
	}
	return result
}

// file returns an entry as a file of its layer. A hard link becomes a regular file if its target is in another layer.
func (t *tree) file(e *entry) layer.File {
	file := layer.File{Path: e.path, Mode: e.header.FileInfo().Mode(), UID: e.header.Uid, GID: e.header.Gid}
	switch e.header.Typeflag {
	case tar.TypeDir:
	case tar.TypeSymlink:
		file.Mode, file.Link = fs.ModeSymlink|0o777, e.header.Linkname
	default:
		target := path.Clean(strings.TrimPrefix(e.header.Linkname, "/"))
		if to := t.files[target]; e.header.Typeflag == tar.TypeLink && to != nil && to.owner == e.owner && to.layer == e.layer && to.header.Typeflag == tar.TypeReg {
			file.Link = target
			break
		}
		file.Size = int64(len(e.bytes))
		file.Open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(e.bytes)), nil }
	}
	return file
}
