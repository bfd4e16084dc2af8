package sbom

import (
	"debug/buildinfo"
	"path"
	"runtime/debug"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"

	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

const (
	ownModule   = "github.com/sciabarracom/openwhisk-runtime-go"
	rootsModule = "golang.org/x/crypto/x509roots/fallback"
	library     = "stdlib" // the name that scanners have for Go's standard library
)

// licenseOf returns the licence of a module that we know. The roots are Mozilla's.
func licenseOf(module string) string {
	switch module {
	case ownModule:
		return "Apache-2.0"
	case rootsModule:
		return "MPL-2.0"
	case library:
		return "BSD-3-Clause"
	}
	return unknown
}

// addProgram adds a Go program and the modules in its build information.
func (c *contents) addProgram(built *buildinfo.BuildInfo) *spdx.Package {
	main := built.Main
	version := released(main.Version)
	name := built.Path
	if name == "" || name == "command-line-arguments" {
		name = path.Base(main.Path)
	}
	added := c.document.pack([]string{"Program", c.platform, name, version}, func(p *spdx.Package) {
		p.PackageName = name
		p.PackageVersion = version
		p.PrimaryPackagePurpose = "APPLICATION"
		p.PackageLicenseDeclared = licenseOf(main.Path)
		if main.Path != "" {
			subpath := strings.TrimPrefix(strings.TrimPrefix(name, main.Path), "/")
			p.PackageExternalReferences = goURL(main.Path, version, subpath)
		}
	})
	c.contains(added)
	for _, dependency := range built.Deps {
		if r := dependency.Replace; r != nil && r.Path == "./"+gobuild.Short { // its own packages
			continue
		}
		module := c.addModule(linked(dependency))
		c.document.relate(added.PackageSPDXIdentifier, common.TypeRelationshipDependsOn, module)
	}
	// "go1.26.8", and with experiments "go1.26.8-X:name", or "devel go1.27-1234 X:name"
	toolchain, _, _ := strings.Cut(strings.TrimPrefix(built.GoVersion, "go"), " ")
	toolchain, _, _ = strings.Cut(toolchain, "-X:")
	standard := c.addModule(library, toolchain, "")
	c.document.relate(added.PackageSPDXIdentifier, common.TypeRelationshipDependsOn, standard)
	return added
}

// linked returns the module that was compiled in the place of one that was asked for. One that is replaced by a folder
// keeps its name and has no version: the folder is a place on the machine that compiled.
func linked(asked *debug.Module) (path, version, sum string) {
	switch r := asked.Replace; {
	case r == nil:
		return asked.Path, released(asked.Version), asked.Sum
	case released(r.Version) != "":
		return r.Path, r.Version, r.Sum
	}
	return asked.Path, "", ""
}

// released returns the version of a module, or "" for one that was compiled from a folder.
func released(version string) string {
	if version == "(devel)" {
		return ""
	}
	return version
}
