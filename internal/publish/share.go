package publish

import (
	"context"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// blob is a layer or a config, and its compressed size in bytes.
type blob struct {
	v1.Layer
	digest v1.Hash
	size   int64
}

// contentOf returns the blobs in an image's manifest.
func contentOf(image v1.Image) ([]blob, error) {
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	config, err := partial.ConfigLayer(image)
	if err != nil {
		return nil, err
	}
	var blobs []blob
	for _, layer := range append(layers, config) {
		digest, err := layer.Digest()
		if err != nil {
			return nil, err
		}
		size, err := layer.Size()
		if err != nil {
			return nil, err
		}
		blobs = append(blobs, blob{layer, digest, size})
	}
	return blobs, nil
}

// shared is a blob that several repositories of a registry may get. One push at a time deals with it, so that the first
// sends it and the registry takes it from there for the others.
type shared struct {
	turn  chan struct{}
	where *name.Repository // one that has it
}

// sharedBlobs are the blobs of a run, by registry and digest.
type sharedBlobs struct {
	mutex sync.Mutex
	blobs map[string]*shared
}

func (s *sharedBlobs) of(host string, digest v1.Hash) *shared {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.blobs == nil {
		s.blobs = map[string]*shared{}
	}
	key := host + " " + digest.String()
	if s.blobs[key] == nil {
		s.blobs[key] = &shared{turn: make(chan struct{}, 1)}
	}
	return s.blobs[key]
}

// share puts a blob into a repository: from another repository of this run if one has it, else by sending it.
func (p *Publisher) share(ctx context.Context, repository name.Repository, b blob, moved func(bytes int64)) (*registry.Tally, error) {
	of := p.sharedBlobs.of(repository.RegistryStr(), b.digest)
	select {
	case of.turn <- struct{}{}:
		defer func() { <-of.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	layer := b.Layer
	if of.where != nil && *of.where != repository {
		layer = &remote.MountableLayer{Layer: b.Layer, Reference: of.where.Digest(b.digest.String())}
	}
	tally := &registry.Tally{Moved: moved}
	err := p.Registry.Upload(ctx, repository, layer, tally)
	if err == nil {
		of.where = &repository
	}
	return tally, err
}
