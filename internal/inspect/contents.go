package inspect

import (
	"cmp"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// largest is how many files are told.
const largest = 20

// Contents returns the packages of an image with their sizes, and its largest files. It keeps the content of layers in
// store.
func Contents(img v1.Image, store cache.Dir) (sizes.Contents, error) {
	found, err := content.Read(img, store)
	if err != nil {
		return sizes.Contents{}, err
	}
	installed, err := apkfs.ReadInstalled(found.Texts[content.DatabasePath])
	if err != nil {
		return sizes.Contents{}, fmt.Errorf("%s: %w", content.DatabasePath, err)
	}
	files := map[string]*sizes.File{}
	var all sizes.Contents
	for _, f := range found.Files {
		files[f.Path] = &sizes.File{Path: f.Path, Layer: found.Names[f.Layer], Size: f.Size}
	}
	for _, p := range installed {
		row := sizes.Package{Name: p.Name, Version: p.Version}
		for _, path := range p.Files {
			if file, ok := files[path]; ok && file.Package == "" {
				file.Package = p.Name
				row.DockerSize += file.Size
			}
		}
		all.Packages = append(all.Packages, row)
	}
	slices.SortFunc(all.Packages, func(a, b sizes.Package) int {
		return cmp.Or(cmp.Compare(b.DockerSize, a.DockerSize), cmp.Compare(a.Name, b.Name))
	})
	for _, file := range files {
		all.Files = append(all.Files, *file)
	}
	slices.SortFunc(all.Files, func(a, b sizes.File) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Path, b.Path))
	})
	all.Files = all.Files[:min(len(all.Files), largest)]
	return all, nil
}
