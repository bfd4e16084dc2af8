package build

import (
	"context"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/attach"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// attach puts beside a pushed image what is in it, what it weighs, and where it comes from. What is there already is not
// sent again.
func (r *run) attach(ctx context.Context, written *publish.Result, made assembled) error {
	if written.Type != publish.Registry {
		return nil
	}
	subject, err := subjectOf(r.Publisher.Registry.Repository, written, made.index)
	if err != nil {
		return err
	}
	err = r.attachTo(ctx, subject, made)
	if attach.Refused(err) { // the image is there, and can be used
		r.Display.Text("nothing is attached: " + err.Error())
		return nil
	}
	return err
}

func (r *run) attachTo(ctx context.Context, subject attach.Subject, made assembled) error {
	documents, err := Documents(made.definition.Name, made.index, made.document, made.rows, r.Cache)
	if err != nil {
		return err
	}
	listed, err := r.attached.List(ctx, subject)
	if err != nil {
		return err
	}
	if r.Attest == AttestAlways || r.Attest == AttestAuto && !attach.HasProvenance(listed) {
		text, err := r.statement(ctx, made.definition, made.in, made.index, made.rows)
		if err != nil {
			return err
		}
		documents = append(documents, attach.Document{
			Kind: attach.Provenance, File: made.definition.Name + ".provenance.json", Content: text, Predicate: provenance.PredicateType,
		})
	}
	_, err = r.attached.Add(ctx, subject, listed, documents...)
	return err
}

// subjectOf returns the pushed index.
func subjectOf(parse func(string) (name.Repository, error), written *publish.Result, index v1.ImageIndex) (attach.Subject, error) {
	repository, _, _ := strings.Cut(written.Reference, "@")
	parsed, err := parse(repository)
	if err != nil {
		return attach.Subject{}, err
	}
	descriptor, err := partial.Descriptor(index)
	if err != nil {
		return attach.Subject{}, err
	}
	return attach.Subject{Repository: parsed, Descriptor: *descriptor}, nil
}

// Documents returns what is attached to an image whoever pushes it: its SBOM, unless that is nil, and the rows of its
// size record with the contents of each platform. They depend on the image alone.
func Documents(name string, index v1.ImageIndex, spdx []byte, rows []sizes.Image, store cache.Dir) ([]attach.Document, error) {
	var record sizes.Record
	for _, row := range rows {
		digest, err := v1.NewHash(row.Digest)
		if err != nil {
			return nil, err
		}
		img, err := index.Image(digest)
		if err != nil {
			return nil, err
		}
		contents, err := inspect.Contents(img, store)
		if err != nil {
			return nil, err
		}
		row.Contents = &contents
		record.Images = append(record.Images, row)
	}
	record.Schema, record.References = sizes.Schema, []sizes.Reference{} // those that are read with are of the reader
	text, err := record.Marshal()
	if err != nil {
		return nil, err
	}
	documents := []attach.Document{{Kind: attach.Sizes, File: name + ".sizes.json", Content: text}}
	if spdx != nil {
		documents = append(documents, attach.Document{Kind: attach.SBOM, File: name + ".spdx.json", Content: spdx})
	}
	return documents, nil
}
