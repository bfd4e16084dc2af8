package referrers

import (
	"context"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// Listed is a referrer as the registry lists it. Nothing of it was checked.
type Listed struct{ v1.Descriptor }

// Kind returns the kind of the referrer by its entry in the list, or "" if mkimage does not know it.
func (l Listed) Kind() Kind {
	if kind := Kind(l.Annotations[marker]); kind.Type() != "" {
		return kind
	}
	return kindOf(l.ArtifactType)
}

// maxOpened is the number of referrers that are opened because the list says too little of them.
const maxOpened = 16

// HasProvenance reports whether the subject has provenance, from anybody. The lists of some registries lack
// annotations, or have the config's type in place of the artifact's; then the manifests are read.
func (r *Registry) HasProvenance(ctx context.Context, subject Subject, listed []Listed) bool {
	ctx = registry.Briefly(ctx)
	opened := 0
	for _, l := range listed {
		predicate := l.Annotations[predicateType]
		if (l.Kind() == Provenance || l.Kind() == "") && len(l.Annotations) == 0 && opened < maxOpened {
			opened++
			if attachment, err := r.Open(ctx, subject, l); err == nil {
				predicate = attachment.Predicate
			}
		}
		if strings.HasPrefix(predicate, "https://slsa.dev/provenance/") {
			return true
		}
	}
	return false
}

// List returns the referrers of a subject, sorted by digest: those of the API, and, unless mkimage's own are among
// them, those of the fall-back tag. The error says why they are not known.
func (r *Registry) List(ctx context.Context, subject Subject) ([]Listed, error) {
	ctx = registry.Briefly(ctx)
	listed, there, _ := r.ask(ctx, subject)
	if there && slices.ContainsFunc(listed, func(l Listed) bool { return l.Kind() != "" }) {
		return listed, nil
	}
	under, err := r.pull(ctx, subject)
	if err == nil {
		return union(listed, under.listed), nil
	}
	if there && ctx.Err() == nil {
		return listed, nil // the tag does not matter
	}
	return nil, r.client.Explain("list what is attached to", subject.digest(), err)
}
