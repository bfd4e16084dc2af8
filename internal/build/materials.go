package build

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// otherMaterials returns the materials that no user wrote: mkimage with its proxy and its stemcells, the Go toolchain,
// and Alpine's packages.
func (r *run) otherMaterials(definition images.Definition, in inputs) ([]provenance.Material, error) {
	materials := []provenance.Material{provenance.Self(provenance.SelfName)}
	if definition.Base == images.Scratch {
		if roots, ok := provenance.Linked(rootsModule); ok {
			materials = append(materials, roots)
		}
	}
	for _, language := range in.Stemcells {
		m, err := StemcellMaterial(language)
		if err != nil {
			return nil, err
		}
		materials = append(materials, m)
	}
	programs, err := r.programs(definition, in)
	if err != nil {
		return nil, err
	}
	materials = append(materials, programs...)
	for _, platform := range definition.Platforms {
		for _, pin := range in.Alpine[platform].Pins {
			m, err := packageMaterial(pin, r.release(definition), platform)
			if err != nil {
				return nil, err
			}
			materials = append(materials, m)
		}
	}
	return materials, nil
}

// StemcellMaterial returns the files that a stemcell brings as a material.
func StemcellMaterial(language stemcells.Stemcell) (provenance.Material, error) {
	contents := map[string][]byte{}
	for _, file := range language.Image() {
		contents[file.Path] = file.Content
	}
	return provenance.Files(provenance.Stemcell(language.Name), "", contents)
}

// ProxyMaterial returns the source of the proxy as a material.
func ProxyMaterial(module *gobuild.Module) (provenance.Material, error) {
	return provenance.Files(provenance.ProxySource, "", module.Source())
}

// programs returns the source of the proxy or the ready proxy, and the toolchain if it compiled something.
func (r *run) programs(definition images.Definition, in inputs) ([]provenance.Material, error) {
	compiles, proxy := false, false
	for _, platform := range definition.Platforms {
		baked := in.Actions[platform]
		compiles = compiles || baked.Compiled
		proxy = proxy || hasProxy(definition, baked)
	}
	var materials []provenance.Material
	switch {
	case proxy && r.Proxy != "":
		materials = append(materials, provenance.Material{Name: provenance.ProxyName, Digest: map[string]string{"sha256": r.ready}})
	case proxy:
		source, err := ProxyMaterial(r.Module)
		if err != nil {
			return nil, err
		}
		materials = append(materials, source)
		compiles = true
	}
	if compiles && r.Module != nil {
		materials = append(materials, provenance.Material{Name: provenance.ToolchainName, URI: provenance.GoURL("stdlib", strings.TrimPrefix(r.Module.Toolchain(), "go"))})
	}
	return materials, nil
}

// packageMaterial returns an Alpine package with the SHA-256 of its file if that is known, else with the SHA-1 of its
// control part, which the index of the repository has.
func packageMaterial(pin images.Pin, release string, platform images.Platform) (provenance.Material, error) {
	url := packageurl.NewPackageURL(packageurl.TypeApk, "alpine", pin.Name, pin.Version,
		packageurl.Qualifiers{{Key: "arch", Value: apkfs.Arch(platform)}, {Key: "distro", Value: "alpine-" + strings.TrimPrefix(release, "v")}}, "")
	m := provenance.Material{URI: url.ToString(), Digest: map[string]string{"sha256": pin.SHA256}, Annotations: map[string]any{}}
	if plan.ForSteps(pin) { // else it is in the image
		m.Annotations["usedBy"] = "steps"
	}
	if pin.SHA256 == "" {
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(pin.Checksum, "Q1"))
		if err != nil {
			return m, fmt.Errorf("package %s: checksum %q: %w", pin, pin.Checksum, err)
		}
		m.Digest = map[string]string{"sha1": hex.EncodeToString(sum)}
		m.Annotations["digestOf"] = "control part"
	}
	return m, nil
}
