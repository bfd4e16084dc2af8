package inspect

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// Layout inspects the image in an OCI layout. Its packages come from the SBOM beside it if that is of
// this image, else from the layers.
func Layout(dir string) (Report, error) {
	index, err := layout.Read(dir)
	if err != nil {
		return Report{}, err
	}
	store, _ := cache.Open("") // without one, each layer is unpacked for every question
	document, err := List(dir, index, store)
	if err != nil {
		return Report{}, err
	}
	report, err := look(layout.Name(dir), index, document, store)
	if err != nil {
		return Report{}, fmt.Errorf("inspect %s: %w", dir, err)
	}
	return report, nil
}

// Index looks into an index of any place, which has this name. It reads the layers that the cache lacks.
func Index(name string, index v1.ImageIndex) (Report, error) {
	store, _ := cache.Open("") // without one, each layer is unpacked for every question
	document, err := sbom.Make(name, index, sbom.Sources{Cache: store})
	if err != nil {
		return Report{}, err
	}
	report, err := look(name, index, document, store)
	if err != nil {
		return Report{}, fmt.Errorf("inspect %s: %w", name, err)
	}
	return report, nil
}

// List returns the SBOM beside a layout if it is about this image, else one made from the layers, whose content is kept
// in store.
func List(dir string, index v1.ImageIndex, store cache.Dir) ([]byte, error) {
	digest, err := index.Digest()
	if err != nil {
		return nil, err
	}
	if document, ok := sbom.ReadBeside(dir, digest.String()); ok {
		return document, nil
	}
	return sbom.Make(layout.Name(dir), index, sbom.Sources{Cache: store})
}

// look looks into an index whose SBOM is document.
func look(name string, index v1.ImageIndex, document []byte, store cache.Dir) (Report, error) {
	digest, err := index.Digest()
	if err != nil {
		return Report{}, err
	}
	report := Report{Schema: Schema, Reference: name + "@" + digest.String(), Digest: digest.String()}
	manifest, err := index.IndexManifest()
	if err != nil {
		return Report{}, err
	}
	packages, err := sbom.Packages(document)
	if err != nil {
		return Report{}, err
	}
	for _, descriptor := range manifest.Manifests {
		img, err := index.Image(descriptor.Digest)
		if err != nil {
			return Report{}, err
		}
		config, err := img.ConfigFile()
		if err != nil {
			return Report{}, err
		}
		row, err := sizes.Measure(name, string(images.PlatformOf(config.OS, config.Architecture, config.Variant)), img, nil, store)
		if err != nil {
			return Report{}, err
		}
		anatomy, err := Take(img, store)
		if err != nil {
			return Report{}, err
		}
		contents, findings := anatomy.Contents(name), anatomy.Findings(config.Config.User)
		row.Contents = &contents
		one := platform(row, packages[row.Digest])
		one.Findings = &findings
		report.Platforms = append(report.Platforms, one)
	}
	return report, nil
}

// platform joins a row and the packages of an SBOM into the report of one platform.
func platform(row sizes.Image, listed []sbom.Package) Platform {
	p := Platform{Platform: row.Platform, Digest: row.Digest, DockerSize: row.DockerSize, CompressedSize: row.CompressedSize}
	for _, l := range row.Layers {
		p.Layers = append(p.Layers, Layer{Name: l.Name, Digest: l.Digest, DockerSize: l.DockerSize, CompressedSize: l.CompressedSize})
	}
	if row.Contents != nil {
		p.Files = row.Contents.Files
	}
	if row.DockerSize > 0 {
		tree := row.Box()
		p.Tree = &tree
	}
	p.Packages = packages(row.Contents, listed)
	return p
}

// packages joins the packages with sizes and those of the SBOM, which lists more packages, with more facts.
func packages(contents *sizes.Contents, listed []sbom.Package) []Package {
	var all []Package
	at := map[string]int{}
	if contents != nil {
		for _, p := range contents.Packages {
			at[p.Name+"@"+p.Version] = len(all)
			all = append(all, Package{Name: p.Name, Version: p.Version, DockerSize: p.DockerSize})
		}
	}
	for _, p := range listed {
		one := Package{Name: p.Name, Version: p.Version, License: p.License, URL: p.URL}
		if i, ok := at[p.Name+"@"+p.Version]; ok {
			one.DockerSize = all[i].DockerSize
			all[i] = one
			continue
		}
		all = append(all, one)
	}
	return all
}
