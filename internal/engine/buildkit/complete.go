package buildkit

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/containerd/containerd/v2/core/content"
	digest "github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// complete returns the plans with the builder's layers in the places of the steps. made is the digest of the index that
// it sent.
func (s *solve) complete(ctx context.Context, made string) ([]plan.Image, error) {
	if !s.steps() {
		return s.plans, nil
	}
	var index ocispec.Index
	if err := s.read(ctx, digest.Digest(made), &index); err != nil {
		return nil, err
	}
	if len(index.Manifests) != len(s.plans) {
		return nil, fmt.Errorf("the builder sent %d images instead of %d", len(index.Manifests), len(s.plans))
	}
	var plans []plan.Image
	for i, image := range s.plans {
		var manifest ocispec.Manifest
		if err := s.read(ctx, index.Manifests[i].Digest, &manifest); err != nil {
			return nil, err
		}
		if want := len(image.Layers) + len(image.Runs); len(manifest.Layers) != want {
			return nil, fmt.Errorf("the builder sent %d layers for %s instead of %d", len(manifest.Layers), image.Platform, want)
		}
		var layers []layer.Layer
		for n, run := range image.Runs {
			at := manifest.Layers[run.Below+n]
			made, err := s.engine.store.layer(run.Name, at, s.engine.options.Contents)
			if err != nil {
				return nil, fmt.Errorf("%s for %s: %w", run.Name, image.Platform, err)
			}
			layers = append(layers, made)
		}
		plans = append(plans, image.Complete(layers))
	}
	return plans, nil
}

// read reads a document from the builder.
func (s *solve) read(ctx context.Context, sum digest.Digest, document any) error {
	text, err := content.ReadBlob(ctx, s.engine.store, ocispec.Descriptor{Digest: sum})
	if err != nil {
		return fmt.Errorf("read the builder's answer: %w", err)
	}
	return json.Unmarshal(text, document)
}
