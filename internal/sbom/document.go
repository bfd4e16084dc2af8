package sbom

import (
	"crypto/sha1" // #nosec: SPDX identifies files by it
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/package-url/packageurl-go"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
)

// unknown is the SPDX value for facts that were not looked into.
const unknown = "NOASSERTION"

// document is an SPDX document that is being written. Each element and each relationship is in it once.
type document struct {
	*spdx.Document
	packages  map[common.ElementID]*spdx.Package
	files     map[common.ElementID]bool
	relations map[relation]bool
}

type relation struct {
	from, to common.ElementID
	kind     string
}

func newDocument() *document {
	return &document{
		Document:  &spdx.Document{SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT"},
		packages:  map[common.ElementID]*spdx.Package{},
		files:     map[common.ElementID]bool{},
		relations: map[relation]bool{},
	}
}

// pack returns the package that these words identify. Where it is new, fill completes it.
func (d *document) pack(words []string, fill func(p *spdx.Package)) *spdx.Package {
	id := elementID(words...)
	if p, ok := d.packages[id]; ok {
		return p
	}
	p := &spdx.Package{
		PackageSPDXIdentifier:   id,
		PackageDownloadLocation: unknown,
		PackageSupplier:         &common.Supplier{Supplier: unknown},
		PackageLicenseConcluded: unknown,
		PackageLicenseDeclared:  unknown,
		PackageCopyrightText:    unknown,
	}
	fill(p)
	d.packages[id] = p
	d.Packages = append(d.Packages, p)
	return p
}

// image adds an index, or the image of one platform.
func (d *document) image(id, name string, digest v1.Hash, qualifiers packageurl.Qualifiers) *spdx.Package {
	return d.pack([]string{id}, func(p *spdx.Package) {
		p.PackageName = name
		p.PackageVersion = digest.String()
		p.PrimaryPackagePurpose = "CONTAINER"
		p.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: digest.Hex}}
		p.PackageExternalReferences = locate(packageurl.TypeOCI, "", name, digest.String(), qualifiers, "")
	})
}

// relate says that from contains, describes, … a package.
func (d *document) relate(from common.ElementID, kind string, to *spdx.Package) {
	d.link(from, kind, to.PackageSPDXIdentifier)
}

func (d *document) link(from common.ElementID, kind string, to common.ElementID) {
	if key := (relation{from, to, kind}); !d.relations[key] {
		d.relations[key] = true
		d.Relationships = append(d.Relationships, &spdx.Relationship{
			RefA: common.MakeDocElementID("", string(from)), Relationship: kind, RefB: common.MakeDocElementID("", string(to)),
		})
	}
}

// file adds a file and returns its identifier. The same content at the same path is one file on all platforms.
func (d *document) file(f content.File) common.ElementID {
	id := elementID("File", f.Path, f.SHA256[:12])
	if d.files[id] {
		return id
	}
	d.files[id] = true
	d.Files = append(d.Files, &spdx.File{
		FileName:           "./" + f.Path,
		FileSPDXIdentifier: id,
		Checksums: []common.Checksum{
			{Algorithm: common.SHA1, Value: f.SHA1},
			{Algorithm: common.SHA256, Value: f.SHA256},
		},
		LicenseConcluded:   unknown,
		LicenseInfoInFiles: []string{unknown},
		FileCopyrightText:  unknown,
	})
	return id
}

// verification returns SPDX's identifier for a set of files (section 7.9).
func verification(files []content.File) *common.PackageVerificationCode {
	sums := make([]string, len(files))
	for i, f := range files {
		sums[i] = f.SHA1
	}
	slices.Sort(sums)
	sum := sha1.Sum([]byte(strings.Join(sums, "")))
	return &common.PackageVerificationCode{Value: hex.EncodeToString(sum[:])}
}

// elementID makes an identifier of words. Where they have characters that an identifier cannot have, or make it long, a
// part of their SHA-256 keeps it apart from others.
func elementID(words ...string) common.ElementID {
	joined := strings.Join(words, "-")
	clean := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' {
			return c
		}
		return '-'
	}, joined)
	const long = 48
	if clean != joined || len(clean) > long {
		clean = fmt.Sprintf("%s-%x", clean[:min(len(clean), long)], sha256.Sum256([]byte(joined)))[:min(len(clean), long)+1+12]
	}
	return common.ElementID(clean)
}

// locate returns the package URL (https://github.com/package-url/purl-spec) as an external reference.
func locate(kind, namespace, name, version string, qualifiers packageurl.Qualifiers, subpath string) []*spdx.PackageExternalReference {
	url := packageurl.NewPackageURL(kind, namespace, name, version, qualifiers, subpath)
	return []*spdx.PackageExternalReference{{Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: url.ToString()}}
}
