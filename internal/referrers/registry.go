package referrers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// Registry attaches documents, and reads them. It may be used from several goroutines.
type Registry struct {
	client *registry.Client

	mutex  sync.Mutex
	adding map[name.Digest]*sync.Mutex // one for each subject
}

// New returns what attaches with a client.
func New(client *registry.Client) *Registry {
	return &Registry{client: client, adding: map[name.Digest]*sync.Mutex{}}
}

// tries is how often a referrer is put that another program's update has taken out of the fall-back tag.
const tries = 5

// Add attaches documents to a subject, and returns those that were not there. listed is what [Registry.List] has
// returned: what is in there is not even asked for.
//
// Where the registry has no referrers API, the tag is read, changed and written, and nothing in the protocol keeps
// another program from doing so in between. So it is read once more, and what has got lost is put again.
func (r *Registry) Add(ctx context.Context, subject Subject, listed []Listed, documents ...Document) ([]Document, error) {
	defer r.alone(subject)()
	var added []Document
	var manifests []referrer
	for _, document := range documents {
		manifest, err := manifest(document, subject.Descriptor)
		if err != nil {
			return nil, err
		}
		if !has(listed, manifest) {
			added, manifests = append(added, document), append(manifests, manifest)
		}
	}
	if len(added) == 0 {
		return nil, nil
	}
	if err := r.upload(ctx, subject, added); err != nil {
		return nil, r.client.Explain("push", subject.digest(), err)
	}
	for i, manifest := range manifests {
		if err := r.client.Put(ctx, subject.at(manifest), manifest); err != nil {
			return nil, r.client.Explain("push", subject.digest(), fmt.Errorf("attach %s: %w", added[i].Kind, err))
		}
	}
	return added, r.settle(ctx, subject, manifests)
}

// Refused says whether an error is that the registry takes or lists no referrers, as old ones do, rather than that this
// login may not, or that it fails today.
func Refused(err error) bool {
	var answer *transport.Error
	return errors.As(err, &answer) && slices.Contains([]int{
		http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusNotImplemented,
	}, answer.StatusCode)
}

// settle sees that the registry lists referrers that were put.
func (r *Registry) settle(ctx context.Context, subject Subject, manifests []referrer) error {
	for range tries {
		listed, err := r.List(ctx, subject)
		if err != nil {
			return err
		}
		manifests = slices.DeleteFunc(manifests, func(m referrer) bool { return has(listed, m) })
		if len(manifests) == 0 {
			return nil
		}
		for _, manifest := range manifests {
			if err := r.client.Put(ctx, subject.at(manifest), manifest); err != nil {
				return r.client.Explain("push", subject.digest(), fmt.Errorf("attach: %w", err))
			}
		}
	}
	return fmt.Errorf("push %s: the registry does not list what was attached; push again", subject.digest())
}

// upload sends the blobs of documents, all at once: there are at most as many as kinds, and the empty config.
func (r *Registry) upload(ctx context.Context, subject Subject, documents []Document) error {
	group, ctx := errgroup.WithContext(ctx)
	send := func(kind Kind, blob v1.Layer) {
		group.Go(func() error {
			if err := r.client.Upload(ctx, subject.Repository, blob, nil); err != nil {
				return fmt.Errorf("attach %s: %w", kind, err)
			}
			return nil
		})
	}
	send(documents[0].Kind, static.NewLayer([]byte(emptyText), emptyType))
	for _, document := range documents {
		send(document.Kind, static.NewLayer(document.Content, mediaType(document.Kind)))
	}
	return group.Wait()
}

// alone waits until nobody else in this program attaches to the subject.
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

func has(listed []Listed, manifest referrer) bool {
	return slices.ContainsFunc(listed, func(l Listed) bool { return l.Digest == manifest.digest })
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
