package sbom

import (
	"fmt"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
)

// rootsPath is where an image has its certificates.
const rootsPath = "etc/ssl/certs/ca-certificates.crt"

// contents adds the content of one platform's image to the document.
type contents struct {
	document *document
	image    *spdx.Package
	platform string // such as linux-amd64
	sources  Sources
	system   system
}

func (c *contents) add(found content.Image) error {
	packages, err := apkfs.ReadInstalled(found.Texts[content.DatabasePath])
	if err != nil {
		return fmt.Errorf("%s: %w", content.DatabasePath, err)
	}
	c.system = parseSystem(found.Texts[content.OSReleasePath])
	alpine := c.addAlpine(packages)
	owned := map[string]bool{}
	for _, p := range packages {
		for _, path := range p.Files {
			owned[path] = true
		}
	}
	var below []string // packages that lower layers asked for
	for place, layer := range found.Layers {
		var files []content.File
		for _, f := range found.Files {
			if f.Layer == place && !owned[f.Path] {
				files = append(files, f)
			}
		}
		wanted := bare(strings.Fields(string(layer.Texts[content.WorldPath])))
		if len(files) > 0 {
			part := c.addLayer(found.Names[place], files)
			for _, name := range wanted {
				if alpine[name] != nil && !slices.Contains(below, name) {
					c.document.relate(part.PackageSPDXIdentifier, common.TypeRelationshipDependsOn, alpine[name])
				}
			}
		}
		below = append(below, wanted...)
	}
	return nil
}

// addLayer adds the files of a layer that no Alpine package has, as a package that has the layer's name: base, proxy,
// stemcell-bash, action.
func (c *contents) addLayer(name string, files []content.File) *spdx.Package {
	code := verification(files)
	part := c.document.pack([]string{"Layer", name, code.Value[:12]}, func(p *spdx.Package) {
		p.PackageName = name
		p.FilesAnalyzed = true
		p.PackageVerificationCode = code
		p.PackageLicenseInfoFromFiles = []string{unknown}
		p.PackageComment = "The files of the image's layer " + name + " that no Alpine package has."
	})
	c.contains(part)
	for _, f := range files {
		id := c.document.file(f)
		c.document.link(part.PackageSPDXIdentifier, common.TypeRelationshipContains, id)
		switch {
		case f.Program != nil:
			c.document.relate(id, common.TypeRelationshipGeneratedFrom, c.addProgram(f.Program))
		case f.Path == rootsPath && c.sources.Roots != "":
			roots := c.addModule(rootsModule, c.sources.Roots, "")
			c.document.relate(id, common.TypeRelationshipGeneratedFrom, roots)
		}
	}
	return part
}

// contains says that the image has a package.
func (c *contents) contains(p *spdx.Package) {
	c.document.relate(c.image.PackageSPDXIdentifier, common.TypeRelationshipContains, p)
}

// addModule adds a Go module, which is the same on every platform. sum is its checksum in go.sum, or "".
func (c *contents) addModule(path, version, sum string) *spdx.Package {
	added := c.document.pack([]string{"Go", path, version}, func(p *spdx.Package) {
		p.PackageName = path
		p.PackageVersion = version
		p.PackageLicenseDeclared = licenseOf(path)
		if sum != "" {
			p.PackageComment = "go.sum has " + sum
		}
		p.PackageExternalReferences = goURL(path, version, "")
	})
	c.contains(added)
	return added
}

// goURL returns the package URL of a Go module, or of a package in it.
func goURL(module, version, subpath string) []*spdx.PackageExternalReference {
	namespace, name := "", module
	if slash := strings.LastIndexByte(module, '/'); slash >= 0 {
		namespace, name = module[:slash], module[slash+1:]
	}
	return locate(packageurl.TypeGolang, namespace, name, version, nil, subpath)
}
