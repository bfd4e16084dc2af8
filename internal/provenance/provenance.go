// Package provenance says where an image comes from: an in-toto statement with the predicate SLSA provenance v1
// (https://slsa.dev/spec/v1.0/provenance).
//
//	checkout := provenance.Find(ctx, "images")
//	text, err := provenance.Make(provenance.Build{Image: "bash", Digest: "sha256:…", Materials: []provenance.Material{checkout.Material()}})
//
// A statement names the inputs of the image, and nothing of the machine that made it: no time, no path outside of a
// checkout, no user name, no credentials. The same build of the same commit gives the same bytes.
package provenance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/package-url/packageurl-go"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/page"
)

// The identifiers of the formats. The last two are names, whose pages explain them.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	PredicateType = "https://slsa.dev/provenance/v1"
	BuildType     = page.Attached + "#build-type-v1"
	Builder       = "https://github.com/sciabarracom/openwhisk-runtime-go/cmd/mkimage"
)

// Build holds the facts of a statement.
type Build struct {
	Image      string // its name
	Digest     string // of the index, as "sha256:…"
	Platforms  []Platform
	Parameters Parameters
	Materials  []Material
	Engine     string            // the engine that ran the steps, such as "buildkit"; "" without steps
	Versions   map[string]string // of the programs that built: "mkimage", "go", and the engine
}

// Platform is the image of one platform.
type Platform struct {
	Architecture string // such as amd64
	Digest       string // of its manifest, as "sha256:…"
}

// Parameters are the user's decisions. A missing one has its default.
type Parameters struct {
	Image           string   `json:"image"`
	Definition      string   `json:"definition"` // as [Checkout.Name] calls it
	Platforms       []string `json:"platforms"`
	Locked          bool     `json:"locked,omitempty"` // only packages of the lock were allowed
	AlpineRelease   string   `json:"alpineRelease,omitempty"`
	Action          string   `json:"action,omitempty"`
	GoTags          string   `json:"goTags,omitempty"`
	GoLDFlags       string   `json:"goLDFlags,omitempty"` // that there were some: values that are linked in may be secret
	Proxy           string   `json:"proxy,omitempty"`     // that a ready one was given
	Steps           []Step   `json:"steps,omitempty"`     // in their order
	CacheFrom       string   `json:"cacheFrom,omitempty"` // a cache was used, from which the layers of steps may come
	SourceDateEpoch int64    `json:"sourceDateEpoch"`     // seconds since 1970
}

// Step is a program that has made a layer.
type Step struct {
	Name     string   `json:"name"` // of the layer
	Script   string   `json:"script"`
	Packages []string `json:"packages,omitempty"` // that it asks for
	Network  bool     `json:"network"`            // the script could load anything
	Cache    []string `json:"cache,omitempty"`    // folders of the builder, which former builds have left things in
	Files    []string `json:"files,omitempty"`    // that it was given; they are among the materials
	Secrets  []string `json:"secrets,omitempty"`  // their names
}

// Material is something that went into the image: in-toto's ResourceDescriptor
// (https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md).
type Material struct {
	Name        string            `json:"name,omitempty"`
	URI         string            `json:"uri,omitempty"`
	Digest      map[string]string `json:"digest,omitempty"` // in hexadecimal, by algorithm: sha256, gitCommit, dirHash
	Annotations map[string]any    `json:"annotations,omitempty"`
}

// Make returns the statement as JSON.
func Make(build Build) ([]byte, error) {
	if build.Image == "" || build.Digest == "" {
		return nil, errors.New("state where an image comes from: it has no name or no digest")
	}
	subjects, err := subjects(build)
	if err != nil {
		return nil, fmt.Errorf("state where %s comes from: %w", build.Image, err)
	}
	var made statement
	made.Type, made.PredicateType = StatementType, PredicateType
	made.Subject = subjects
	made.Predicate.BuildDefinition = definition{BuildType: BuildType, ExternalParameters: build.Parameters, ResolvedDependencies: build.Materials}
	if build.Engine != "" {
		made.Predicate.BuildDefinition.InternalParameters = &internal{Engine: build.Engine}
	}
	made.Predicate.RunDetails.Builder = builder{ID: Builder, Version: build.Versions}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(made); err != nil {
		return nil, fmt.Errorf("state where %s comes from: %w", build.Image, err)
	}
	return text.Bytes(), nil
}

// statement is the JSON form of a statement with our predicate. The names are those of the specifications.
type statement struct {
	Type          string     `json:"_type"`
	Subject       []Material `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     struct {
		BuildDefinition definition `json:"buildDefinition"`
		RunDetails      struct {
			Builder builder `json:"builder"`
		} `json:"runDetails"`
	} `json:"predicate"`
}

type definition struct {
	BuildType            string     `json:"buildType"`
	ExternalParameters   Parameters `json:"externalParameters"`
	InternalParameters   *internal  `json:"internalParameters,omitempty"`
	ResolvedDependencies []Material `json:"resolvedDependencies,omitempty"`
}

type internal struct {
	Engine string `json:"engine"`
}

type builder struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"`
}

// subjects are the index, and the image of every platform, so that either can be held against the statement.
func subjects(build Build) ([]Material, error) {
	subject := func(digest string, qualifiers packageurl.Qualifiers) (Material, error) {
		sum, err := SHA256(digest)
		url := packageurl.NewPackageURL(packageurl.TypeOCI, "", build.Image, digest, qualifiers, "")
		return Material{Name: url.ToString(), Digest: sum}, err
	}
	whole, err := subject(build.Digest, nil)
	if err != nil {
		return nil, err
	}
	all := []Material{whole}
	for _, platform := range build.Platforms {
		one, err := subject(platform.Digest, packageurl.Qualifiers{{Key: "arch", Value: platform.Architecture}})
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
