package publish

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// ReadLayout returns the index in an OCI image layout that mkimage wrote.
func ReadLayout(dir string) (v1.ImageIndex, error) {
	top, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: it is no OCI image layout: %w", dir, oneLine(err))
	}
	entries, err := top.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, oneLine(err))
	}
	if len(entries.Manifests) != 1 || !entries.Manifests[0].MediaType.IsIndex() {
		return nil, fmt.Errorf("read %s: it has other content than a layout that mkimage wrote", dir)
	}
	index, err := top.ImageIndex(entries.Manifests[0].Digest)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, oneLine(err))
	}
	return index, nil
}

// Pull returns what a registry has for a reference. An image is returned as an index that has it alone.
func Pull(ctx context.Context, client *registry.Client, reference name.Reference) (v1.ImageIndex, error) {
	index, err := pull(reference, client.Options(ctx))
	return index, client.Explain("pull", reference, err)
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
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	return mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: config.Platform()}}), nil
}

// Resolve returns the digest that a registry has for a reference.
func Resolve(ctx context.Context, client *registry.Client, reference name.Reference) (v1.Hash, error) {
	found, err := client.Head(ctx, reference)
	if err != nil {
		return v1.Hash{}, client.Explain("look for", reference, err)
	}
	if found == (v1.Hash{}) {
		return v1.Hash{}, fmt.Errorf("look for %s: there is no such image at %s", reference.Name(), reference.Context().RegistryStr())
	}
	return found, nil
}
