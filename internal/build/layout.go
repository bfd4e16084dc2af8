package build

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// documents returns the documents that a push of a layout attaches: the SBOM beside the layout, and the rows of the
// size record. It measures rows that the record lacks for this digest. There is no provenance: only the build itself
// knows it.
func (l Layouts) documents(dir, name string, index v1.ImageIndex) ([]referrers.Document, error) {
	store, _ := cache.Open("") // without a cache, the layers are read each time
	rows, err := rowsOf(name, l.SizeRecord, index, store)
	if err != nil {
		return nil, err
	}
	var spdx []byte
	if l.SBOM == sbom.SPDX {
		if spdx, err = inspect.List(dir, index, store); err != nil {
			return nil, err
		}
	}
	return Documents(name, index, spdx, rows, store)
}

// rowsOf returns the row of each platform.
func rowsOf(name, record string, index v1.ImageIndex, store cache.Dir) ([]sizes.Image, error) {
	built, err := sizes.Read(record)
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	known := map[string]sizes.Image{}
	for _, row := range built.Images {
		known[row.Digest] = row
	}
	var rows []sizes.Image
	for _, descriptor := range manifest.Manifests {
		row, ok := known[descriptor.Digest.String()]
		if !ok {
			img, err := index.Image(descriptor.Digest)
			if err != nil {
				return nil, err
			}
			if row, err = sizes.Measure(name, string(images.PlatformOf(descriptor.Platform.OS, descriptor.Platform.Architecture, descriptor.Platform.Variant)), img, nil, store); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}
