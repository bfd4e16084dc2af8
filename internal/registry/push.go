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

// Upload uploads a blob, unless the repository has it. The tally, which may be nil, gets the result.
//
// Some registries do not say whether a blob is there while the repository does not exist. Then it is uploaded.
func (c *Client) Upload(ctx context.Context, repository name.Repository, blob v1.Layer, tally *Tally) error {
	ctx = withTally(ctx, tally)
	err := c.anew(ctx, func() error { return c.pusher.Upload(ctx, repository, blob) })
	if isUnsaid(err) {
		ctx = context.WithValue(ctx, unaskedKey{}, true)
		err = c.anew(ctx, func() error { return c.pusher.Upload(ctx, repository, blob) })
	}
	return err
}

// unaskedKey marks the context of an upload that does not ask first whether the registry has the blob.
type unaskedKey struct{}

// unasked returns "not found" for that question, or nil for any other request.
func unasked(request *http.Request) *http.Response {
	if request.Context().Value(unaskedKey{}) == nil || !asksForBlob(request) {
		return nil
	}
	return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: http.NoBody, Request: request}
}

func asksForBlob(request *http.Request) bool {
	return request.Method == http.MethodHead && strings.Contains(request.URL.Path, "/blobs/")
}

// isUnsaid reports whether the registry refuses to say if a blob is there.
func isUnsaid(err error) bool {
	var answer *protocol.Error
	return errors.As(err, &answer) && answer.Request != nil && asksForBlob(answer.Request) &&
		answer.StatusCode >= 400 && answer.StatusCode < 500 && !patient.IsBusy(answer.StatusCode)
}

// Push pushes an image or an index with all its parts, and the reference itself last.
func (c *Client) Push(ctx context.Context, reference name.Reference, image remote.Taggable) error {
	return c.anew(ctx, func() error { return c.pusher.Push(ctx, reference, image) })
}

// Head returns the digest of a reference, or a zero hash if the registry has none.
func (c *Client) Head(ctx context.Context, reference name.Reference) (v1.Hash, error) {
	return c.Reader(reference.Context()).Head(ctx, reference.Identifier())
}

// Has reports whether a repository has a manifest, and so all its parts.
func (c *Client) Has(ctx context.Context, digest name.Digest) (bool, error) {
	found, err := c.Head(ctx, digest)
	return found != v1.Hash{}, err
}

// CheckPush returns an error if this login may not push to a repository: it begins an upload, and cancels it.
func (c *Client) CheckPush(ctx context.Context, repository name.Repository) error {
	session := c.Writer(repository)
	answer, err := session.Do(ctx, http.MethodPost, "blobs/uploads/", nil, nil)
	if err != nil {
		return err
	}
	if err := answer.Check(http.StatusAccepted, http.StatusCreated); err != nil {
		return err
	}
	session.cancel(ctx, answer)
	return nil
}
