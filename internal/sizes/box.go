package sizes

import (
	"cmp"
	"fmt"
	"slices"
)

// Box is a share of an image's docker size. The boxes in a box add up to it exactly.
type Box struct {
	Name  string `json:"name"`
	Kind  Kind   `json:"kind"`
	Size  int64  `json:"docker_size"`
	Boxes []Box  `json:"boxes,omitempty"` // the largest first
}

// Kind is the kind of thing that a box stands for.
type Kind string

// The kinds of boxes, from the outermost.
const (
	KindImage   Kind = "image"
	KindLayer   Kind = "layer"
	KindPackage Kind = "package" // of Alpine, with its version
	KindFile    Kind = "file"
	KindHidden  Kind = "hidden" // a file that an upper layer hides
	KindLinks   Kind = "links"  // symbolic links, whose targets count
	KindGo      Kind = "go"     // the code of a Go package in a program
	KindPart    Kind = "part"   // another part of a program
	KindMore    Kind = "more"   // boxes that are not told one by one
)

// NewBox returns a box around others, the largest first.
func NewBox(name string, kind Kind, boxes []Box) Box {
	box := Box{Name: name, Kind: kind, Boxes: boxes}
	for _, inner := range boxes {
		box.Size += inner.Size
	}
	box.sort()
	return box
}

func (b *Box) sort() {
	slices.SortStableFunc(b.Boxes, func(x, y Box) int {
		return cmp.Or(last(x)-last(y), cmp.Compare(y.Size, x.Size), cmp.Compare(x.Name, y.Name))
	})
}

// last is 1 for a box that stands after all others.
func last(b Box) int {
	if b.Kind == KindMore {
		return 1
	}
	return 0
}

// Box returns the row as a box: with the tree of its contents, or else its layers and their packages.
func (i Image) Box() Box {
	if i.Contents != nil && i.Contents.Tree != nil && i.Contents.Tree.Size == i.DockerSize {
		return *i.Contents.Tree
	}
	var layers []Box
	for _, layer := range i.Layers {
		box := Box{Name: layer.Name, Kind: KindLayer, Size: layer.DockerSize}
		left := box.Size
		if i.Contents != nil {
			for _, p := range i.Contents.Packages {
				if p.Layer == layer.Name && p.DockerSize > 0 && p.DockerSize <= left {
					box.Boxes = append(box.Boxes, Box{Name: p.Name + " " + p.Version, Kind: KindPackage, Size: p.DockerSize})
					left -= p.DockerSize
				}
			}
		}
		if len(box.Boxes) > 0 && left > 0 {
			box.Boxes = append(box.Boxes, Box{Name: "of no package", Kind: KindMore, Size: left})
		}
		box.sort()
		layers = append(layers, box)
	}
	return NewBox(i.Name, KindImage, layers)
}

// Largest returns the box with about n boxes in it, the largest; the others of each box are one.
func (b Box) Largest(n int) Box {
	var all []int64
	b.walk(func(inner Box) { all = append(all, inner.Size) })
	if len(all) <= n {
		return b
	}
	slices.SortFunc(all, func(x, y int64) int { return cmp.Compare(y, x) })
	return b.atLeast(all[n] + 1)
}

func (b Box) walk(see func(Box)) {
	for _, inner := range b.Boxes {
		see(inner)
		inner.walk(see)
	}
}

// atLeast folds boxes that are smaller.
func (b Box) atLeast(size int64) Box {
	var kept []Box
	var folded Box
	n := 0
	for _, inner := range b.Boxes {
		if inner.Size < size && inner.Kind != KindLayer {
			folded.Size += inner.Size
			n++
			continue
		}
		kept = append(kept, inner.atLeast(size))
	}
	switch {
	case n == len(b.Boxes) && n > 1 && b.Kind == KindLayer: // such as 100 000 files of one size
		kept = []Box{{Name: fmt.Sprintf("%d more", n), Kind: KindMore, Size: folded.Size}}
	case n == len(b.Boxes): // all is small: the box says as much
		b.Boxes = nil
		return b
	case n == 1: // it takes no more room than a box that stands for it
		at := slices.IndexFunc(b.Boxes, func(inner Box) bool { return inner.Size < size && inner.Kind != KindLayer })
		one := b.Boxes[at]
		one.Boxes = nil
		kept = append(kept, one)
	case n > 1:
		kept = append(kept, Box{Name: fmt.Sprintf("%d more", n), Kind: KindMore, Size: folded.Size})
	}
	b.Boxes = kept
	b.sort()
	return b
}

// Check returns an error unless the boxes in each box add up to it.
func (b Box) Check() error { return b.check(0) }

// deepest is how many boxes lie in each other: image, layer, package, file, part.
const deepest = 8

func (b Box) check(depth int) error {
	if depth > deepest {
		return fmt.Errorf("boxes lie more than %d deep in each other", deepest)
	}
	if b.Size < 0 {
		return fmt.Errorf("the box %q has a size below zero", b.Name)
	}
	var sum int64
	for _, inner := range b.Boxes {
		if err := inner.check(depth + 1); err != nil {
			return err
		}
		sum += inner.Size
	}
	if len(b.Boxes) > 0 && sum != b.Size {
		return fmt.Errorf("the boxes in %q have %d bytes, and it has %d", b.Name, sum, b.Size)
	}
	return nil
}
