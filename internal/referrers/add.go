package referrers

import (
	"cmp"
	"context"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// Registry attaches documents, and reads them. It may be used from several goroutines.
type Registry struct {
	client  *registry.Client
	session func(name.Repository) *registry.Session

	mutex  sync.Mutex
	adding map[name.Digest]*sync.Mutex // one for each subject
	apis   map[string]*api             // by HOST[:PORT]
}

// Reader returns a registry for reading attachments.
func Reader(client *registry.Client) *Registry {
	return &Registry{client: client, session: client.Reader}
}

// Writer returns a registry for attaching documents. It reads with the login for pushes.
func Writer(client *registry.Client) *Registry {
	return &Registry{client: client, session: client.Writer, adding: map[name.Digest]*sync.Mutex{}, apis: map[string]*api{}}
}

// Status is the result of attaching a document.
type Status string

const (
	Attached Status = "attached" // it is now
	Present  Status = "present"  // it was
	Failed   Status = "failed"   // it is not
)

// Outcome is the result of attaching a document, with the details.
type Outcome struct {
	Type   string `json:"type"`             // its artifact type
	Digest string `json:"digest,omitempty"` // of its manifest; "" when the document was not even made
	Status Status `json:"status"`
	Reason string `json:"reason,omitempty"` // of a failure, on one line

	Kind Kind `json:"-"`
}

// Fail returns the outcome of a document that could not be made.
func Fail(kind Kind, err error) Outcome {
	return Outcome{Kind: kind, Type: kind.Type(), Status: Failed, Reason: human.Line(err.Error())}
}

// Add attaches documents to a subject, and returns the outcome of each. listed is the result of [Registry.List]:
// documents in it are not sent. A refused document does not keep the others from being attached.
func (r *Registry) Add(ctx context.Context, subject Subject, listed []Listed, documents ...Document) []Outcome {
	ctx = registry.Briefly(ctx)
	defer r.alone(subject)()
	outcomes := make([]Outcome, len(documents))
	manifests := make([]referrer, len(documents))
	failures := make([]error, len(documents))
	var group errgroup.Group // of at most as many as there are kinds
	for i, document := range documents {
		manifests[i], failures[i] = manifest(document, subject.Descriptor)
		outcomes[i] = Outcome{Type: document.Kind.Type(), Digest: manifests[i].descriptor.Digest.String(), Status: Attached, Kind: document.Kind}
		if has(listed, manifests[i]) {
			outcomes[i].Status = Present
		} else if failures[i] == nil {
			group.Go(func() error {
				failures[i] = r.put(ctx, subject, document, manifests[i])
				return nil
			})
		}
	}
	_ = group.Wait() // every error is in failures
	var taken []referrer
	for i, manifest := range manifests {
		if failures[i] == nil && outcomes[i].Status == Attached {
			taken = append(taken, manifest)
		}
	}
	unlisted := r.settle(ctx, subject, taken)
	for i := range outcomes {
		err := failures[i]
		if outcomes[i].Status == Attached {
			err = cmp.Or(err, unlisted)
		}
		if err != nil {
			outcomes[i].Status, outcomes[i].Reason = Failed, r.client.Reason("attach", subject.Repository, err)
		}
	}
	return outcomes
}

// put sends a document, the config that all have, and the manifest.
func (r *Registry) put(ctx context.Context, subject Subject, document Document, manifest referrer) error {
	session := r.session(subject.Repository)
	var group errgroup.Group
	group.Go(func() error { return session.Empty(ctx) })
	group.Go(func() error {
		return session.Send(ctx, static.NewLayer(document.Content, types.MediaType(document.Kind.Type())))
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return session.Put(ctx, manifest.descriptor.Digest.String(), manifest.descriptor.MediaType, manifest.text, "")
}

// asks is how often the API is asked for new referrers: some registries list them a little later.
const asks = 3

// settle sees that manifests that were put are listed: by the API, or else under the fall-back tag.
func (r *Registry) settle(ctx context.Context, subject Subject, manifests []referrer) error {
	if len(manifests) == 0 {
		return nil
	}
	for try := range asks {
		listed, there := r.askAgain(ctx, subject)
		if there && hasAll(listed, manifests) {
			return nil
		}
		if !there || try == asks-1 {
			break
		}
		if err := r.client.Pause(ctx, try); err != nil {
			return err
		}
	}
	return r.list(ctx, subject, manifests)
}

// alone waits until no other goroutine of this program attaches to the subject.
func (r *Registry) alone(subject Subject) (done func()) {
	r.mutex.Lock()
	one, ok := r.adding[subject.digest()]
	if !ok {
		one = &sync.Mutex{}
		r.adding[subject.digest()] = one
	}
	r.mutex.Unlock()
	one.Lock()
	return one.Unlock
}
