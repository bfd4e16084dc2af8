package publish

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// FindLayout returns the folder of an image: that of the last build of the image NAME, dist/NAME, or else a path.
func FindLayout(image string) (dir string, found bool) {
	for _, dir := range []string{filepath.Join("dist", image), image} {
		if _, err := os.Stat(filepath.Join(dir, "index.json")); err == nil {
			return dir, true
		}
	}
	return "", false
}

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
func Pull(ctx context.Context, reference name.Reference) (v1.ImageIndex, error) {
	found, err := remote.Get(reference, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithUserAgent("mkimage"), remote.WithTransport(encrypted{remote.DefaultTransport}))
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("pull %s: %s", reference.Name(), pullProblem(reference.Context().RegistryStr(), err))
	}
	if found.MediaType.IsIndex() {
		return found.ImageIndex()
	}
	image, err := found.Image()
	if err != nil {
		return nil, fmt.Errorf("pull %s: %w", reference.Name(), oneLine(err))
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("pull %s: %w", reference.Name(), oneLine(err))
	}
	return mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: config.Platform()}}), nil
}

// Resolve returns the digest that a registry has for a reference.
func Resolve(ctx context.Context, reference name.Reference) (v1.Hash, error) {
	found, err := remote.Head(reference, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithUserAgent("mkimage"), remote.WithTransport(encrypted{remote.DefaultTransport}))
	if err != nil {
		if ctx.Err() != nil {
			return v1.Hash{}, ctx.Err()
		}
		return v1.Hash{}, fmt.Errorf("look for %s: %s", reference.Name(), pullProblem(reference.Context().RegistryStr(), err))
	}
	return found.Digest, nil
}
