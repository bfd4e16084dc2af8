package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// attach attaches the SBOM, the sizes and the provenance of a pushed image.
func (r *run) attach(ctx context.Context, made assembled, pushed publish.Result) ([]referrers.Outcome, error) {
	a, err := attachTo(ctx, r.attached, made.index, pushed)
	if err != nil {
		return nil, err
	}
	documents, err := Documents(made.definition.Name, made.index, made.document, made.rows, r.Cache)
	a.take(referrers.Sizes, err, documents...)
	if r.Attest == AttestAlways || r.Attest == AttestAuto && !a.to.HasProvenance(ctx, a.subject, a.listed) {
		text, err := r.statement(ctx, made)
		a.take(referrers.Provenance, err, referrers.Document{
			Kind: referrers.Provenance, File: made.definition.Name + ".provenance.json", Content: text, Predicate: provenance.PredicateType,
		})
	}
	if r.Attest == AttestAlways {
		return a.add(ctx)
	}
	return a.addOrWarn(ctx, r.Display)
}

// attachment is the set of documents for an image.
type attachment struct {
	to        *referrers.Registry
	subject   referrers.Subject
	reference string             // of the image, for messages
	listed    []referrers.Listed // documents that the image has
	documents []referrers.Document
	failed    []referrers.Outcome // documents that could not be made
}

// attachTo returns the set of documents, still empty, for a pushed image.
func attachTo(ctx context.Context, to *referrers.Registry, index v1.ImageIndex, pushed publish.Result) (*attachment, error) {
	descriptor, err := partial.Descriptor(index)
	if err != nil {
		return nil, err
	}
	a := &attachment{to: to, subject: referrers.Subject{Repository: pushed.Repository(), Descriptor: *descriptor}, reference: pushed.Reference}
	if !pushed.New() { // else there is nothing yet
		a.listed, _ = to.List(ctx, a.subject) // where the list cannot be read, add fails with the reason
	}
	return a, nil
}

// take adds documents to the set, or the reason why there are none of this kind.
func (a *attachment) take(kind referrers.Kind, err error, documents ...referrers.Document) {
	if err != nil {
		a.failed = append(a.failed, referrers.Fail(kind, err))
		return
	}
	a.documents = append(a.documents, documents...)
}

// add attaches the documents that the image does not have yet. A failure costs the image nothing: it is in the
// outcomes, and the error is an *UnattachedError.
func (a *attachment) add(ctx context.Context) ([]referrers.Outcome, error) {
	outcomes := append(a.to.Add(ctx, a.subject, a.listed, a.documents...), a.failed...)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if text := unattached(a.reference, outcomes); text != "" {
		return outcomes, &UnattachedError{text}
	}
	return outcomes, nil
}

// addOrWarn attaches the documents, and warns of those that cannot be attached.
func (a *attachment) addOrWarn(ctx context.Context, display *progress.Display) ([]referrers.Outcome, error) {
	outcomes, err := a.add(ctx)
	if missing := (*UnattachedError)(nil); errors.As(err, &missing) {
		display.Warn(missing.text)
		return outcomes, nil
	}
	return outcomes, err
}

// UnattachedError is the error for an image that is pushed, with its tags, without something that had to be beside it.
type UnattachedError struct{ text string }

func (e *UnattachedError) Error() string { return e.text }

// unattached says on one line which documents are not attached, with the first reason. It returns "" if all are.
func unattached(reference string, outcomes []referrers.Outcome) string {
	var kinds []string
	var reason string
	for _, outcome := range outcomes {
		if outcome.Status == referrers.Failed {
			kinds = append(kinds, string(outcome.Kind))
			reason = cmp.Or(reason, outcome.Reason)
		}
	}
	if len(kinds) == 0 {
		return ""
	}
	return fmt.Sprintf("not attached to %s: %s: %s", reference, strings.Join(kinds, ", "), reason)
}

// Documents returns the documents that depend on the image alone: its SBOM, unless that is nil, and the rows of its
// size record with the contents of each platform.
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
	record.Schema, record.References = sizes.Schema, []sizes.Reference{} // the reader's own apply
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
