package registry

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
)

// Pull returns the index of a reference. A single image becomes an index with one entry. Layers are read lazily.
func (c *Client) Pull(ctx context.Context, reference name.Reference) (v1.ImageIndex, error) {
	index, err := pull(reference, c.Options(ctx))
	return index, c.Explain("pull", reference, err)
}

func pull(reference name.Reference, options []remote.Option) (v1.ImageIndex, error) {
	found, err := remote.Get(reference, options...)
	if err != nil {
		return nil, err
	}
	if found.MediaType.IsIndex() {
		return found.ImageIndex()
	}
	image, err := found.Image()
	if err != nil {
		return nil, err
	}
	return layout.Alone(image)
}

// Resolve returns the digest of a reference.
func (c *Client) Resolve(ctx context.Context, reference name.Reference) (v1.Hash, error) {
	found, err := c.Head(ctx, reference)
	if err != nil {
		return v1.Hash{}, c.Explain("look for", reference, err)
	}
	if found == (v1.Hash{}) {
		return v1.Hash{}, fmt.Errorf("look for %s: there is no such image at %s", reference.Name(), reference.Context().RegistryStr())
	}
	return found, nil
}
