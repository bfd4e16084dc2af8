// Package referrers keeps documents beside an image in a registry, as referrers of its index (OCI image-spec 1.1,
// "Guidelines for Artifact Usage"; distribution-spec 1.1, "Referrers API"): what is in it, what it weighs, and where it
// comes from.
//
//	attached := referrers.Writer(client)
//	listed, err := attached.List(ctx, subject)
//	outcomes := attached.Add(ctx, subject, listed, referrers.Document{Kind: referrers.SBOM, File: "bash.spdx.json", Content: text})
//	attachment, err := attached.Open(ctx, subject, listed[0])
//	text, err := attached.Read(ctx, subject, attachment)
//
// The same document gives the same referrer, so that adding it again changes nothing.
//
// Lists are read and written by one rule, whatever a registry says of itself. The API counts as present if it lists the
// new documents after they were put. Otherwise the list is kept under the tag sha256-DIGEST ("Referrers Tag Schema"),
// together with the entries of others; a tag that names something else is left alone.
//
// Everybody who may push can attach, so nothing is trusted: digests are verified, sizes are bounded, and a wrong
// referrer is an error of that referrer alone.
package referrers

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Kind is the subject matter of a document.
type Kind string

// The kinds of documents that mkimage attaches.
const (
	SBOM       Kind = "sbom"       // the content of the image: SPDX 2.3
	Sizes      Kind = "sizes"      // the rows of the size record
	Provenance Kind = "provenance" // where it comes from: an in-toto statement
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{SBOM, Sizes, Provenance} }

// Type returns the artifact type of a kind, which is also the media type of its document. Scanners look for the first,
// BuildKit and cosign have the last.
func (k Kind) Type() string {
	switch k {
	case SBOM:
		return "application/spdx+json"
	case Sizes:
		return "application/vnd.mkimage.sizes.v1+json"
	case Provenance:
		return "application/vnd.in-toto+json"
	}
	return ""
}

// kindOf is the reverse of Type; "" for a type of others.
func kindOf(artifactType string) Kind {
	for _, kind := range Kinds() {
		if kind.Type() == artifactType {
			return kind
		}
	}
	return ""
}

// The annotations of a referrer. They are also in the registry's list of referrers.
const (
	marker        = "io.github.sciabarracom.mkimage" // its kind
	predicateType = "in-toto.io/predicate-type"      // of a statement, as BuildKit writes it
)

// Document is something to attach.
type Document struct {
	Kind      Kind
	File      string // the file name for downloads, such as bash.spdx.json
	Content   []byte
	Predicate string // the type of a statement's predicate; "" for other kinds
}

// Subject is an index or an image in a repository, to which documents are attached.
type Subject struct {
	Repository name.Repository
	Descriptor v1.Descriptor // its media type, size and digest
}

func (s Subject) digest() name.Digest { return s.Repository.Digest(s.Descriptor.Digest.String()) }

// referrer is the manifest of a document, and its entry in a list, by which readers choose.
type referrer struct {
	text       []byte
	descriptor v1.Descriptor
}

// manifest returns the manifest that attaches a document to a subject. It depends on these two alone.
func manifest(document Document, subject v1.Descriptor) (referrer, error) {
	config := ocispec.DescriptorEmptyJSON
	config.Data = nil // some registries do not know the field
	layer := ocispec.Descriptor{
		MediaType:   document.Kind.Type(),
		Digest:      digest.FromBytes(document.Content),
		Size:        int64(len(document.Content)),
		Annotations: map[string]string{ocispec.AnnotationTitle: document.File},
	}
	annotations := map[string]string{marker: string(document.Kind)}
	if document.Predicate != "" {
		annotations[predicateType] = document.Predicate
	}
	text, err := json.Marshal(ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: document.Kind.Type(),
		Config:       config,
		Layers:       []ocispec.Descriptor{layer},
		Subject:      &ocispec.Descriptor{MediaType: string(subject.MediaType), Digest: digest.Digest(subject.Digest.String()), Size: subject.Size},
		Annotations:  annotations,
	})
	if err != nil {
		return referrer{}, fmt.Errorf("attach %s: %w", document.File, err)
	}
	sum, size, err := v1.SHA256(bytes.NewReader(text))
	return referrer{text, v1.Descriptor{
		MediaType: types.OCIManifestSchema1, Digest: sum, Size: size, Annotations: annotations, ArtifactType: document.Kind.Type(),
	}}, err
}
