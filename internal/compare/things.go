package compare

import (
	"archive/tar"
	"cmp"
	"fmt"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// thing is the identity of a layer, package or file, and its size.
type thing struct {
	is    string
	bytes int64
	sum   string // of the content
}

func layersOf(row sizes.Image) map[string]thing {
	all := map[string]thing{}
	for _, l := range row.Layers {
		name := l.Name
		for n := 2; all[name] != (thing{}); n++ {
			name = fmt.Sprintf("%s %d", l.Name, n)
		}
		all[name] = thing{is: l.Digest, bytes: l.DockerSize}
	}
	return all
}

func packagesOf(taken inspect.Anatomy) map[string]thing {
	all := map[string]thing{}
	for _, p := range taken.Contents("").Packages {
		all[p.Name] = thing{is: p.Version, bytes: p.DockerSize}
	}
	return all
}

func filesOf(entries map[string]content.Entry) map[string]thing {
	words := map[byte]string{tar.TypeReg: "file", tar.TypeDir: "folder", tar.TypeSymlink: "link", tar.TypeLink: "hard link"}
	all := map[string]thing{}
	for path, entry := range entries {
		file := thing{is: fmt.Sprintf("%s %04o %d:%d", cmp.Or(words[entry.Type], "device"), entry.Mode&0o7777, entry.UID, entry.GID), sum: entry.SHA256}
		switch entry.Type {
		case tar.TypeReg:
			file.bytes = entry.Size
		case tar.TypeSymlink:
			file.bytes = int64(len(entry.Link))
			file.is += " to " + entry.Link
		case tar.TypeLink:
			file.is += " to " + entry.Link
		}
		all[path] = file
	}
	return all
}

// changes returns the things that differ, the largest difference first.
func changes(from, to map[string]thing) []Change {
	var all []Change
	for name, a := range from {
		if b, is := to[name]; !is {
			all = append(all, Change{Name: name, From: a.is, By: -a.bytes})
		} else if a != b {
			all = append(all, Change{Name: name, From: a.is, To: b.is, By: b.bytes - a.bytes})
		}
	}
	for name, b := range to {
		if _, was := from[name]; !was {
			all = append(all, Change{Name: name, To: b.is, By: b.bytes})
		}
	}
	slices.SortFunc(all, func(a, b Change) int {
		return cmp.Or(cmp.Compare(max(b.By, -b.By), max(a.By, -a.By)), cmp.Compare(a.Name, b.Name))
	})
	return all
}
