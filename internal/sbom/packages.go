package sbom

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Package is a package of an image, as a document lists it.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	License string `json:"license,omitempty"` // as declared, or ""
	URL     string `json:"purl"`              // the package URL
}

// Packages returns the packages of each image in a document, by the image's digest ("sha256:…"); an image without
// packages has an entry too. It reads documents of mkimage, which may come from anywhere. Elements without a package
// URL, such as layers, are left out.
func Packages(document []byte) (map[string][]Package, error) {
	var read listing
	if err := json.Unmarshal(document, &read); err != nil {
		return nil, errors.New("the SBOM is not SPDX as JSON")
	}
	if !strings.HasPrefix(read.Version, "SPDX-2.") {
		return nil, fmt.Errorf("the SBOM is of version %q, not of SPDX 2", read.Version)
	}
	byID := map[string]listedPackage{}
	found := map[string][]Package{}
	for _, p := range read.Packages {
		byID[p.ID] = p
		if p.Purpose == "CONTAINER" {
			found[p.Version] = nil
		}
	}
	for _, r := range read.Relationships {
		image, part := byID[r.From], byID[r.To]
		url := part.url()
		if r.Kind != "CONTAINS" || image.Purpose != "CONTAINER" || part.Purpose == "CONTAINER" || url == "" {
			continue
		}
		license := part.License
		if license == unknown {
			license = ""
		}
		found[image.Version] = append(found[image.Version], Package{part.Name, part.Version, license, url})
	}
	for _, packages := range found {
		slices.SortFunc(packages, func(a, b Package) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URL, b.URL)) })
	}
	return found, nil
}

// listing is as much of an SPDX document as tells which image has which package.
type listing struct {
	Version       string          `json:"spdxVersion"`
	Packages      []listedPackage `json:"packages"`
	Relationships []struct {
		From string `json:"spdxElementId"`
		Kind string `json:"relationshipType"`
		To   string `json:"relatedSpdxElement"`
	} `json:"relationships"`
}

type listedPackage struct {
	ID       string `json:"SPDXID"`
	Name     string `json:"name"`
	Version  string `json:"versionInfo"`
	Purpose  string `json:"primaryPackagePurpose"`
	License  string `json:"licenseDeclared"`
	External []struct {
		Kind    string `json:"referenceType"`
		Locator string `json:"referenceLocator"`
	} `json:"externalRefs"`
}

func (p listedPackage) url() string {
	for _, reference := range p.External {
		if reference.Kind == "purl" {
			return reference.Locator
		}
	}
	return ""
}
