package sbom

import (
	"bytes"
	"encoding/hex"
	"strings"

	"github.com/package-url/packageurl-go"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
)

// bare returns the names of dependencies, such as so:libc.musl-x86_64.so.1, busybox>=1.36 and !uclibc. Packages that
// may not be there are left out.
func bare(dependencies []string) []string {
	var names []string
	for _, word := range dependencies {
		if end := strings.IndexAny(word, "<>=~@"); end >= 0 {
			word = word[:end]
		}
		if word != "" && word[0] != '!' {
			names = append(names, word)
		}
	}
	return names
}

// addAlpine adds the packages of apk's database and their dependencies. It returns the packages by name.
func (c *contents) addAlpine(packages []apkfs.Installed) map[string]*spdx.Package {
	named := map[string]*spdx.Package{}
	providers := map[string]*spdx.Package{}
	for _, one := range packages {
		p := c.addPackage(one)
		named[one.Name], providers[one.Name] = p, p
		for _, provided := range bare(one.Provides) {
			if providers[provided] == nil {
				providers[provided] = p
			}
		}
	}
	for _, one := range packages {
		for _, needed := range bare(one.Depends) {
			if p := providers[needed]; p != nil && p != named[one.Name] {
				c.document.relate(named[one.Name].PackageSPDXIdentifier, common.TypeRelationshipDependsOn, p)
			}
		}
	}
	return named
}

func (c *contents) addPackage(one apkfs.Installed) *spdx.Package {
	added := c.document.pack([]string{"Alpine", c.platform, one.Name, one.Version}, func(p *spdx.Package) {
		p.PackageName = one.Name
		p.PackageVersion = one.Version
		p.PackageSupplier = &common.Supplier{SupplierType: "Organization", Supplier: c.system.name}
		p.PackageSummary = one.Description
		p.PackageHomePage = one.URL
		p.PackageLicenseDeclared = declared(one.License)
		if p.PackageLicenseDeclared == unknown && one.License != "" {
			p.PackageLicenseComments = "The package says: " + one.License
		}
		if one.Checksum != nil {
			p.PackageChecksums = []common.Checksum{{Algorithm: common.SHA1, Value: hex.EncodeToString(one.Checksum)}}
			p.PackageComment = "The checksum is that of the package's control part, as in the index of its repository."
		}
		if one.Origin != "" {
			p.PackageSourceInfo = "built from the source package " + one.Origin
			if one.Commit != "" {
				p.PackageSourceInfo += " at commit " + one.Commit
			}
		}
		var qualifiers packageurl.Qualifiers
		if one.Arch != "" {
			qualifiers = append(qualifiers, packageurl.Qualifier{Key: "arch", Value: one.Arch})
		}
		if c.system.version != "" {
			qualifiers = append(qualifiers, packageurl.Qualifier{Key: "distro", Value: c.system.id + "-" + c.system.version})
		}
		p.PackageExternalReferences = locate(packageurl.TypeApk, c.system.id, one.Name, one.Version, qualifiers, "")
	})
	c.document.relate(c.image.PackageSPDXIdentifier, common.TypeRelationshipContains, added)
	return added
}

// system holds the fields of os-release(5).
type system struct{ id, version, name string }

// parseSystem reads the fields ID, VERSION_ID and NAME. Without them a system that has apk is Alpine.
func parseSystem(text []byte) system {
	s := system{id: "alpine", name: "Alpine Linux"}
	for line := range bytes.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(string(line)), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			s.id = value
		case "VERSION_ID":
			s.version = value
		case "NAME":
			s.name = value
		}
	}
	return s
}
