package referrers

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Attachment is a referrer whose manifest was read.
type Attachment struct {
	Kind      Kind   // "" for one that mkimage does not know, such as a signature
	Type      string // its artifact type
	Digest    string // of its manifest
	File      string // the name of its document, or ""
	Predicate string // the type of a statement's predicate, or ""
	Size      int64  // of its documents, in bytes

	document v1.Descriptor // of a Kind that we know: its only one
}

// The limits of reading, in bytes. The first is the size that registries should take (distribution-spec, "Pushing
// Manifests"); the SBOM of an image with a thousand packages has one megabyte.
const (
	maxManifest = 4 << 20
	maxDocument = 32 << 20
)

// Open reads the manifest of a referrer. It returns an error if the manifest contradicts the list.
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

// read returns at most one byte more than an attachment says that it has.
func (r *Registry) read(ctx context.Context, subject Subject, attachment Attachment) ([]byte, error) {
	blob, err := remote.Layer(subject.Repository.Digest(attachment.document.Digest.String()), r.client.Options(ctx)...)
	if err != nil {
		return nil, err
	}
	stream, err := blob.Compressed() // as it is; the digest is checked at its end
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	return io.ReadAll(io.LimitReader(stream, attachment.Size+1))
}
