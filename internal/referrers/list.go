package referrers

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Listed is a referrer as the registry lists it. Nothing of it was checked.
type Listed struct{ v1.Descriptor }

// Kind returns what the list says that the referrer is, or "" for one that mkimage does not know.
func (l Listed) Kind() Kind {
	if kind := Kind(l.Annotations[marker]); kind.Type() != "" {
		return kind
	}
	return kindOf(l.ArtifactType)
}

// HasProvenance says whether some referrer states where the subject comes from, whoever has attached it.
func HasProvenance(listed []Listed) bool {
	for _, l := range listed {
		if strings.HasPrefix(l.Annotations[predicateType], "https://slsa.dev/provenance/") {
			return true
		}
	}
	return false
}

// List asks the registry for the referrers of a subject, and sorts them by digest.
func (r *Registry) List(ctx context.Context, subject Subject) ([]Listed, error) {
	index, err := remote.Referrers(subject.digest(), r.client.Options(ctx)...)
	if err != nil {
		return nil, r.client.Explain("list what is attached to", subject.digest(), err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("list what is attached to %s: the registry's list is not one: %w", subject.digest(), err)
	}
	var listed []Listed
	for _, descriptor := range manifest.Manifests {
		listed = append(listed, Listed{descriptor})
	}
	slices.SortFunc(listed, func(a, b Listed) int { return strings.Compare(a.Digest.String(), b.Digest.String()) })
	return listed, nil
}

// Attachment is a referrer whose manifest was read.
type Attachment struct {
	Kind      Kind   // "" for one that mkimage does not know, such as a signature
	Type      string // its artifact type
	Digest    string // of its manifest
	File      string // what its document is called, or ""
	Predicate string // the type of a statement's predicate, or ""
	Size      int64  // of its documents, in bytes

	document v1.Descriptor // of a Kind that we know: its only one
}

// What is read of a registry, in bytes. The first is what the specification asks registries to take (distribution-spec,
// "Pushing Manifests"); the SBOM of an image with a thousand packages has one megabyte.
const (
	maxManifest = 4 << 20
	maxDocument = 32 << 20
)

// Open reads the manifest of a referrer. An error says why it is not what the list calls it.
func (r *Registry) Open(ctx context.Context, subject Subject, listed Listed) (Attachment, error) {
	at := subject.Repository.Digest(listed.Digest.String())
	if listed.Size > maxManifest {
		return Attachment{}, fmt.Errorf("%s has more than %d MiB", listed.Digest, maxManifest>>20)
	}
	found, err := remote.Get(at, r.client.Options(ctx)...)
	if err != nil {
		return Attachment{}, r.client.Explain("read", at, err)
	}
	attachment, err := parse(found.Manifest, subject.Descriptor.Digest)
	if err != nil {
		return Attachment{}, fmt.Errorf("%s is no attachment of this image: %w", listed.Digest, err)
	}
	attachment.Digest = listed.Digest.String()
	return attachment, nil
}

// parse reads the manifest of a referrer of a subject.
func parse(text []byte, subject v1.Hash) (Attachment, error) {
	if len(text) > maxManifest {
		return Attachment{}, fmt.Errorf("it has more than %d MiB", maxManifest>>20)
	}
	var manifest v1.Manifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		return Attachment{}, errors.New("its manifest is not JSON of the right form")
	}
	switch {
	case manifest.Subject == nil:
		return Attachment{}, errors.New("it has no subject")
	case manifest.Subject.Digest != subject:
		return Attachment{}, fmt.Errorf("its subject is %s", manifest.Subject.Digest)
	case manifest.MediaType != types.OCIManifestSchema1 && manifest.MediaType != "":
		return Attachment{}, fmt.Errorf("its media type is %q", manifest.MediaType)
	}
	one := Attachment{
		Type:      cmp.Or(manifest.ArtifactType, string(manifest.Config.MediaType)),
		Predicate: manifest.Annotations[predicateType],
	}
	for _, layer := range manifest.Layers {
		if layer.Size < 0 {
			return Attachment{}, errors.New("a size is negative")
		}
		one.Size += layer.Size
	}
	if one.Kind = kindOf(one.Type); one.Kind == "" {
		return one, nil
	}
	if len(manifest.Layers) != 1 {
		return Attachment{}, fmt.Errorf("it has %d documents, not one", len(manifest.Layers))
	}
	one.document = manifest.Layers[0]
	one.File = one.document.Annotations[ocispec.AnnotationTitle]
	if got := string(one.document.MediaType); got != one.Type {
		return Attachment{}, fmt.Errorf("its document is of type %q, not %s", got, one.Type)
	}
	if one.Size > maxDocument {
		return Attachment{}, fmt.Errorf("its document has %d bytes, more than %d MiB", one.Size, maxDocument>>20)
	}
	return one, nil
}

// Read returns the document of an attachment, whose digest is checked. It is JSON.
func (r *Registry) Read(ctx context.Context, subject Subject, attachment Attachment) ([]byte, error) {
	at := subject.Repository.Digest(attachment.document.Digest.String())
	text, err := r.read(ctx, subject, attachment)
	if err != nil {
		return nil, r.client.Explain("read", at, err)
	}
	if int64(len(text)) != attachment.Size {
		return nil, fmt.Errorf("read %s: it has not the %d bytes that its manifest says", at, attachment.Size)
	}
	if !json.Valid(bytes.TrimSpace(text)) {
		return nil, fmt.Errorf("read %s: it is not JSON", at)
	}
	return text, nil
}
