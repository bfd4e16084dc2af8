package inspect

import (
	"archive/tar"
	"cmp"
	"fmt"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// The limits of the contents that are attached to an image in a registry.
const (
	largest = 20   // files
	boxes   = 1500 // in the tree, with which its document has some 100 kB
)

// Contents returns the packages of an image with their sizes, its largest files, and the largest boxes of its tree. It
// keeps the content of layers in store.
func Contents(img v1.Image, store cache.Dir) (sizes.Contents, error) {
	one, err := Take(img, store)
	if err != nil {
		return sizes.Contents{}, err
	}
	contents := one.Contents("")
	tree := contents.Tree.Largest(boxes)
	contents.Tree = &tree
	return contents, nil
}

// Packages returns the packages of an image with their sizes, or nil where it has none.
func Packages(img v1.Image, store cache.Dir) (*sizes.Contents, error) {
	one, err := Take(img, store)
	if err != nil {
		return nil, err
	}
	return one.facts().PackagesOnly(), nil
}

// Anatomy is an image of a platform taken apart.
type Anatomy struct {
	content.Image
	Installed []apkfs.Installed
	owner     map[string]int // the place in Installed of the package that has a path
}

// Take takes an image apart. It keeps the content of layers in store.
func Take(img v1.Image, store cache.Dir) (Anatomy, error) {
	found, err := content.Read(img, store)
	if err != nil {
		return Anatomy{}, err
	}
	installed, err := apkfs.ReadInstalled(found.Texts[content.DatabasePath])
	if err != nil {
		return Anatomy{}, fmt.Errorf("%s: %w", content.DatabasePath, err)
	}
	a := Anatomy{found, installed, map[string]int{}}
	for i, p := range installed {
		for _, path := range p.Files {
			if _, taken := a.owner[path]; !taken {
				a.owner[path] = i
			}
		}
	}
	return a, nil
}

// Contents returns the facts of the size record, with the whole tree, whose root has this name.
func (a Anatomy) Contents(name string) sizes.Contents {
	all := a.facts()
	tree := a.tree(name)
	all.Tree = &tree
	return all
}

// facts returns the packages and the largest files.
func (a Anatomy) facts() sizes.Contents {
	var all sizes.Contents
	for _, p := range a.Installed {
		all.Packages = append(all.Packages, sizes.Package{Name: p.Name, Version: p.Version})
	}
	for _, f := range a.Files {
		file := sizes.File{Path: f.Path, Layer: a.Names[f.Layer], Size: f.Size}
		if at, owned := a.owner[f.Path]; owned {
			p := &all.Packages[at]
			file.Package = p.Name
			p.Layer = cmp.Or(p.Layer, file.Layer)
			p.DockerSize += f.Size
		}
		all.Files = append(all.Files, file)
	}
	slices.SortFunc(all.Packages, func(a, b sizes.Package) int {
		return cmp.Or(cmp.Compare(b.DockerSize, a.DockerSize), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(all.Files, func(a, b sizes.File) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Path, b.Path))
	})
	all.Files = all.Files[:min(len(all.Files), largest)]
	return all
}

// Visible returns every entry that is seen in the image, by its path.
func (a Anatomy) Visible() map[string]content.Entry {
	seen := map[string]content.Entry{}
	for _, layer := range a.Layers {
		hidden := content.Cover(layer)
		maps.DeleteFunc(seen, func(path string, _ content.Entry) bool { return hidden(path) })
		for _, entry := range layer.Entries {
			if !content.IsWhiteout(entry.Path) {
				seen[entry.Path] = entry
			}
		}
	}
	return seen
}

// tree returns the boxes of the image, which add up to its docker size.
func (a Anatomy) tree(name string) sizes.Box {
	seen := map[string]int{} // the layer of a file that is seen
	for _, f := range a.Files {
		seen[f.Path] = f.Layer
	}
	var layers []sizes.Box
	for place, layer := range a.Layers {
		var loose []sizes.Box             // of no package
		packages := map[int][]sizes.Box{} // files by their package's place in Installed
		links := map[int][2]int64{}       // their number and bytes; -1 for those of no package
		var order []int
		for _, entry := range layer.Entries {
			at, owned := a.owner[entry.Path]
			if !owned {
				at = -1
			}
			switch entry.Type {
			case tar.TypeSymlink:
				links[at] = [2]int64{links[at][0] + 1, links[at][1] + int64(len(entry.Link))}
			case tar.TypeReg:
				if entry.Size == 0 {
					continue
				}
				top, is := seen[entry.Path]
				file := fileBox(entry, is && top == place)
				if !owned {
					loose = append(loose, file)
					continue
				}
				packages[at] = append(packages[at], file)
			default:
				continue
			}
			if owned && !slices.Contains(order[max(0, len(order)-1):], at) {
				order = append(order, at)
			}
		}
		slices.Sort(order)
		for _, at := range slices.Compact(order) {
			p := a.Installed[at]
			loose = append(loose, sizes.NewBox(p.Name+" "+p.Version, sizes.KindPackage, withLinks(packages[at], links[at])))
		}
		layers = append(layers, sizes.NewBox(a.Names[place], sizes.KindLayer, withLinks(loose, links[-1])))
	}
	return sizes.NewBox(name, sizes.KindImage, layers)
}

// fileBox returns the box of a regular file, in which those of a Go program's parts are.
func fileBox(entry content.Entry, seen bool) sizes.Box {
	box := sizes.Box{Name: entry.Path, Kind: sizes.KindFile, Size: entry.Size}
	if !seen {
		box.Kind = sizes.KindHidden
	}
	for _, part := range entry.Parts {
		inner := sizes.Box{Name: part.Name, Kind: sizes.KindPart, Size: part.Bytes}
		if part.Go {
			inner.Kind = sizes.KindGo
		}
		box.Boxes = append(box.Boxes, inner)
	}
	return box
}

// withLinks adds a box for the symbolic links, if they have bytes.
func withLinks(boxes []sizes.Box, links [2]int64) []sizes.Box {
	if links[1] == 0 {
		return boxes
	}
	return append(boxes, sizes.Box{Name: human.Count(int(links[0]), "symbolic link"), Kind: sizes.KindLinks, Size: links[1]})
}
