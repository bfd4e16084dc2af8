// Package sbom lists the content of a finished image in an SPDX 2.3 document (https://spdx.github.io/spdx-spec/v2.3/).
//
//	document, err := sbom.Make("bash", index, sbom.Sources{Roots: module.Requires("golang.org/x/crypto/x509roots/fallback")})
//	err = sbom.Write(sbom.Beside("dist/bash"), document)
//
// Everything is read from the built layers: Alpine packages from apk's database, Go modules from the build information
// of each program, and the SHA-1 and SHA-256 of every file that no Alpine package has. There is one document for the
// whole index: it describes the image, which contains a package for each platform, which contains the content of that
// platform. Content that is the same on several platforms is listed once.
//
// The document depends on the image alone. Its time is that of the image and its namespace has the digest, so that two
// machines which build the same image write the same bytes.
package sbom

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/package-url/packageurl-go"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// namespaces is the prefix of our documents' namespaces. It is a name, not an address.
const namespaces = "https://github.com/sciabarracom/openwhisk-runtime-go/sbom/"

// Sources are facts that an image does not hold.
type Sources struct {
	Roots string    // the version of golang.org/x/crypto/x509roots/fallback that the certificates are from, or ""
	Cache cache.Dir // keeps the content of layers
}

// Make returns the document of an image as JSON.
func Make(name string, index v1.ImageIndex, sources Sources) ([]byte, error) {
	made, err := describe(name, index, sources)
	if err != nil {
		return nil, fmt.Errorf("list the content of %s: %w", name, err)
	}
	return encode(name, made)
}

// OfProgram returns the document of a Go program outside images, as JSON. id makes the document's namespace unique:
// the version and the digest of the program.
func OfProgram(name, version, id, platform string, created time.Time, program io.ReaderAt) ([]byte, error) {
	built, err := buildinfo.Read(program)
	if err != nil {
		return nil, fmt.Errorf("list the content of %s: %w", name, err)
	}
	all := newDocument()
	whole := all.pack([]string{"Release", name, version, platform}, func(p *spdx.Package) {
		p.PackageName, p.PackageVersion = name, version
		p.PrimaryPackagePurpose = "APPLICATION"
		p.PackageLicenseDeclared = licenseOf(ownModule)
	})
	all.relate("DOCUMENT", common.TypeRelationshipDescribe, whole)
	(&contents{document: all, image: whole, platform: platform}).addProgram(built)
	all.DocumentName = name
	all.DocumentNamespace = namespaces + name + "@" + id
	all.CreationInfo = creation(created)
	return encode(name, all.Document)
}

func encode(name string, made *spdx.Document) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(made); err != nil {
		return nil, fmt.Errorf("list the content of %s: %w", name, err)
	}
	return text.Bytes(), nil
}

func creation(at time.Time) *spdx.CreationInfo {
	return &spdx.CreationInfo{
		Creators: []common.Creator{{CreatorType: "Tool", Creator: tool}},
		Created:  at.UTC().Format("2006-01-02T15:04:05Z"),
	}
}

func describe(name string, index v1.ImageIndex, sources Sources) (*spdx.Document, error) {
	digest, err := index.Digest()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	all := newDocument()
	whole := all.image("Image", name, digest, nil)
	whole.PackageLicenseDeclared = declared(manifest.Annotations[ocispec.AnnotationLicenses])
	all.relate("DOCUMENT", common.TypeRelationshipDescribe, whole)

	created := time.Unix(0, 0)
	for _, descriptor := range manifest.Manifests {
		img, err := index.Image(descriptor.Digest)
		if err != nil {
			return nil, err
		}
		config, err := img.ConfigFile()
		if err != nil {
			return nil, err
		}
		if config.Created.After(created) {
			created = config.Created.Time
		}
		platform := strings.ReplaceAll(string(images.PlatformOf(config.OS, config.Architecture, config.Variant)), "/", "-")
		found, err := content.Read(img, sources.Cache)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", platform, err)
		}
		part := all.image("Image-"+platform, name, descriptor.Digest, packageurl.Qualifiers{{Key: "arch", Value: config.Architecture}})
		part.PackageLicenseDeclared = whole.PackageLicenseDeclared
		all.relate(whole.PackageSPDXIdentifier, common.TypeRelationshipContains, part)
		inside := contents{document: all, image: part, platform: platform, sources: sources}
		if err := inside.add(found); err != nil {
			return nil, fmt.Errorf("%s: %w", platform, err)
		}
	}
	all.DocumentName = name
	all.DocumentNamespace = namespaces + name + "@" + digest.String()
	all.CreationInfo = creation(created)
	return all.Document, nil
}

// tool has no version: another mkimage that makes the same image makes the same document.
const tool = "mkimage"
