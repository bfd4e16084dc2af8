package registry

import (
	"context"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Upload puts a blob into a repository, unless it is there. A *remote.MountableLayer is taken from the repository that it
// names where the registry can do so. The tally, which may be nil, says what was done.
func (c *Client) Upload(ctx context.Context, repository name.Repository, blob v1.Layer, tally *Tally) error {
	ctx = withTally(ctx, tally)
	return c.anew(ctx, func() error { return c.pusher.Upload(ctx, repository, blob) })
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
