package registry

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	protocol "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// Upload puts a blob into a repository, unless it is there. A *remote.MountableLayer is taken from the repository that it
// names where the registry can do so. The tally, which may be nil, says what was done.
//
// A registry that does not say whether the blob is there, as some do not while the repository does not exist, gets it.
func (c *Client) Upload(ctx context.Context, repository name.Repository, blob v1.Layer, tally *Tally) error {
	ctx = withTally(ctx, tally)
	err := c.anew(ctx, func() error { return c.pusher.Upload(ctx, repository, blob) })
	if isUnsaid(err) {
		ctx = context.WithValue(ctx, unaskedKey{}, true)
		err = c.anew(ctx, func() error { return c.pusher.Upload(ctx, repository, blob) })
	}
	return err
}

// unaskedKey is in the context of an upload before which the registry is not asked whether the blob is there.
type unaskedKey struct{}

// unasked returns the answer to such a question, or nil for any other request.
func unasked(request *http.Request) *http.Response {
	if request.Context().Value(unaskedKey{}) == nil || !asksForBlob(request) {
		return nil
	}
	return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: http.NoBody, Request: request}
}

func asksForBlob(request *http.Request) bool {
	return request.Method == http.MethodHead && strings.Contains(request.URL.Path, "/blobs/")
}

// isUnsaid says whether an error is that the registry refuses to say whether a blob is there.
func isUnsaid(err error) bool {
	var answer *protocol.Error
	return errors.As(err, &answer) && answer.Request != nil && asksForBlob(answer.Request) &&
		answer.StatusCode >= 400 && answer.StatusCode < 500 && !patient.IsBusy(answer.StatusCode)
}

// Push puts an image or an index into a repository, with all that it names, and last of all the reference itself.
func (c *Client) Push(ctx context.Context, reference name.Reference, image remote.Taggable) error {
	return c.anew(ctx, func() error { return c.pusher.Push(ctx, reference, image) })
}

// Head returns the digest that a registry has for a reference, or a zero hash when there is nothing.
func (c *Client) Head(ctx context.Context, reference name.Reference) (v1.Hash, error) {
	return c.Reader(reference.Context()).Head(ctx, reference.Identifier())
}

// Has says whether a repository has a manifest, and so all that it names.
func (c *Client) Has(ctx context.Context, digest name.Digest) (bool, error) {
	found, err := c.Head(ctx, digest)
	return found != v1.Hash{}, err
}

// CheckPush says whether this login may push to a repository: it begins an upload, and drops it.
func (c *Client) CheckPush(ctx context.Context, repository name.Repository) error {
	session := c.Writer(repository)
	answer, err := session.Do(ctx, http.MethodPost, "blobs/uploads/", nil, nil)
	if err != nil {
		return err
	}
	if err := answer.Check(http.StatusAccepted, http.StatusCreated); err != nil {
		return err
	}
	if begun, err := answer.Location(); err == nil {
		_, _ = session.Do(ctx, http.MethodDelete, begun.String(), nil, nil) // else the registry drops it some day
	}
	return nil
}
