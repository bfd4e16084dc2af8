package build

import (
	"context"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// attaching returns what puts beside a pushed image what is in it, what it weighs, and where it comes from.
func (r *run) attaching(made assembled) func(ctx context.Context, subject referrers.Subject) error {
	return func(ctx context.Context, subject referrers.Subject) error {
		documents, err := Documents(made.definition.Name, made.index, made.document, made.rows, r.Cache)
		if err != nil {
			return err
		}
		return Attach(ctx, r.attached, subject, r.Display.Text, func(listed []referrers.Listed) ([]referrers.Document, error) {
			if r.Attest == AttestNone || r.Attest == AttestAuto && referrers.HasProvenance(listed) {
				return documents, nil
			}
			text, err := r.statement(ctx, made)
			return append(documents, referrers.Document{
				Kind: referrers.Provenance, File: made.definition.Name + ".provenance.json", Content: text, Predicate: provenance.PredicateType,
			}), err
		})
	}
}

// Attach attaches the documents that choose picks, knowing what is there. What is there already is not sent again. A
// registry that takes no referrers has the image all the same, and tell is told.
func Attach(ctx context.Context, to *referrers.Registry, subject referrers.Subject, tell func(string), choose func([]referrers.Listed) ([]referrers.Document, error)) error {
	listed, err := to.List(ctx, subject)
	if err == nil {
		var documents []referrers.Document
		if documents, err = choose(listed); err == nil {
			_, err = to.Add(ctx, subject, listed, documents...)
		}
	}
	if referrers.Refused(err) {
		tell("nothing is attached: " + err.Error())
		return nil
	}
	return err
}

// Documents returns what is attached to an image whoever pushes it: its SBOM, unless that is nil, and the rows of its
// size record with the contents of each platform. They depend on the image alone.
func Documents(name string, index v1.ImageIndex, spdx []byte, rows []sizes.Image, store cache.Dir) ([]referrers.Document, error) {
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
	documents := []referrers.Document{{Kind: referrers.Sizes, File: name + ".sizes.json", Content: text}}
	if spdx != nil {
		documents = append(documents, referrers.Document{Kind: referrers.SBOM, File: name + ".spdx.json", Content: spdx})
	}
	return documents, nil
}
