package registry

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	protocol "github.com/google/go-containerregistry/pkg/v1/remote/transport"
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

// Head returns what a registry has for a reference, or nil when there is nothing.
func (c *Client) Head(ctx context.Context, reference name.Reference) (*v1.Descriptor, error) {
	found, err := c.puller.Head(ctx, reference)
	var answer *protocol.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound && isManifest(answer) {
		return nil, nil
	}
	return found, err
}

// Has says whether a repository has a manifest, and so all that it names.
func (c *Client) Has(ctx context.Context, digest name.Digest) (bool, error) {
	found, err := c.Head(ctx, digest)
	return found != nil, err
}

// CheckPush says whether this login may push to a repository: it begins an upload, and drops it.
func (c *Client) CheckPush(ctx context.Context, repository name.Repository) error {
	login, err := c.keys.ResolveContext(ctx, repository)
	if err != nil {
		return err
	}
	signed, err := protocol.NewWithContext(ctx, repository.Registry, login, protocol.NewUserAgent(c.transport, userAgent),
		[]string{repository.Scope(protocol.PushScope)})
	if err != nil {
		return err
	}
	client := http.Client{Transport: signed}
	uploads := url.URL{Scheme: repository.Scheme(), Host: repository.RegistryStr(), Path: "/v2/" + repository.RepositoryStr() + "/blobs/uploads/"}
	response, err := send(ctx, client, http.MethodPost, uploads.String())
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if err := protocol.CheckError(response, http.StatusAccepted, http.StatusCreated); err != nil {
		return err
	}
	if begun, err := response.Location(); err == nil && begun.Host == response.Request.URL.Host {
		dropped, err := send(ctx, client, http.MethodDelete, begun.String())
		if err == nil { // else the registry drops it some day
			_ = dropped.Body.Close()
		}
	}
	return nil
}

func send(ctx context.Context, client http.Client, method, address string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	return client.Do(request)
}
