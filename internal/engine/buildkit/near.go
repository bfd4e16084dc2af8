package buildkit

import (
	"context"
	"errors"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// nearby are the repositories that an image is pushed to. A builder needs the bytes of all layers of an image with
// steps, and takes them from there if it can: this side may have a slow connection.
type nearby struct {
	client       *registry.Client // nil for none
	repositories []string
	insecure     bool // plain http is allowed
}

// find returns the reference at which a builder finds each finished layer as an image of its own, or "" if it must take
// the layer from here.
// For an image without steps it needs no layer that the registry has.
func (n nearby) find(ctx context.Context, image plan.Image) []string {
	found := make([]string, len(image.Layers))
	if n.client == nil || len(image.Runs) == 0 {
		return found
	}
	var group errgroup.Group
	for i, l := range image.Layers {
		group.Go(func() error {
			if s, err := newSingle(l, image.Platform); err == nil {
				found[i] = n.reference(ctx, s)
			}
			return nil // the builder takes them from here
		})
	}
	_ = group.Wait()
	return found
}

func (n nearby) reference(ctx context.Context, s *single) string {
	for _, text := range n.repositories {
		repository, err := n.client.Repository(text)
		if err == nil && n.reachable(repository) && n.put(ctx, repository, s) {
			return repository.Digest(s.digest().String()).Name()
		}
	}
	return ""
}

// reachable reports whether a builder can get layers from a repository. Plain http can be allowed for a push, but not
// for layers: a builder uses it only for registries on its own machine.
func (n nearby) reachable(repository name.Repository) bool {
	local, err := docker.MatchLocalhost(repository.RegistryStr())
	return !n.insecure || local && err == nil
}

// put reports whether a repository has a layer with its own manifest. A missing manifest is put, without a tag.
func (n nearby) put(ctx context.Context, repository name.Repository, s *single) bool {
	manifest := repository.Digest(s.digest().String())
	if there, err := n.client.Has(ctx, manifest); there && err == nil {
		return true
	}
	sum, err := s.Digest()
	if err != nil {
		return false
	}
	if there, err := n.client.Writer(repository).HasBlob(ctx, sum); !there || err != nil {
		return false
	}
	if n.client.Upload(ctx, repository, static.NewLayer(s.config, types.OCIConfigJSON), nil) != nil {
		return false
	}
	return n.client.Put(ctx, manifest, document(s.manifest)) == nil
}

// worthRepeating reports whether a build that took layers from a registry may succeed without: neither a step's program
// nor the builder has failed.
func worthRepeating(ctx context.Context, err error) bool {
	var failed *stepError
	var lost *lostError
	return err != nil && ctx.Err() == nil && !errors.As(err, &failed) && !errors.As(err, &lost)
}
