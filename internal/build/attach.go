package build

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// attach attaches the SBOM, the sizes and the provenance of a pushed image.
func (r *run) attach(ctx context.Context, made assembled, pushed publish.Result) ([]referrers.Outcome, error) {
	documents := func() ([]referrers.Document, error) {
		return Documents(made.definition.Name, made.index, made.document, made.rows, r.Cache)
	}
	statement := func() (referrers.Document, error) {
		text, err := r.statement(ctx, made)
		return referrers.Document{
			Kind: referrers.Provenance, File: made.definition.Name + ".provenance.json", Content: text, Predicate: provenance.PredicateType,
		}, err
	}
	return attachment{r.attached, made.index, documents, statement, r.Attest}.add(ctx, pushed, r.Display.Warn)
}

// attachment is the set of documents for an image.
type attachment struct {
	to        *referrers.Registry
	index     v1.ImageIndex
	documents func() ([]referrers.Document, error) // of the image alone
	statement func() (referrers.Document, error)   // where it comes from; not called with AttestNone
	attest    Attest
}

// add attaches the documents that are not attached yet. A failure costs the image nothing: it is in the outcomes, and
// told on one line. With AttestAlways that line is the error, an *UnattachedError.
func (a attachment) add(ctx context.Context, pushed publish.Result, tell func(string)) ([]referrers.Outcome, error) {
	descriptor, err := partial.Descriptor(a.index)
	if err != nil {
		return nil, err
	}
	subject := referrers.Subject{Repository: pushed.Repository(), Descriptor: *descriptor}
	var outcomes []referrers.Outcome
	documents, err := a.documents()
	if err != nil {
		outcomes = append(outcomes, referrers.Fail(referrers.Sizes, err))
	}
	listed, _ := a.to.List(ctx, subject) // where the list cannot be read, Add fails with the reason
	if a.attest == AttestAlways || a.attest == AttestAuto && !a.to.HasProvenance(ctx, subject, listed) {
		statement, err := a.statement()
		if err == nil {
			documents = append(documents, statement)
		} else {
			outcomes = append(outcomes, referrers.Fail(referrers.Provenance, err))
		}
	}
	outcomes = append(a.to.Add(ctx, subject, listed, documents...), outcomes...)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text := unattached(pushed.Reference, outcomes)
	switch {
	case text == "":
	case a.attest == AttestAlways:
		return outcomes, &UnattachedError{text}
	default:
		tell(text)
	}
	return outcomes, nil
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
