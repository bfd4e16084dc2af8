package registry

import (
	"context"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/partial"
)

// HasBlob reports whether a repository has a layer or a config.
func (c *Client) HasBlob(ctx context.Context, digest name.Digest) (bool, error) {
	blob, err := c.puller.Layer(ctx, digest)
	if err != nil {
		return false, err
	}
	return partial.Exists(blob)
}
