// Package embedded is the engine that needs nothing but this program: it writes config, manifest and index itself.
package embedded

import (
	"context"
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/page"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Engine is the embedded engine.
type Engine struct{}

// Build returns an index with an image for each plan, in their order. The digests and sizes in its documents are
// checked against their bytes. Layers were checked when they were made.
func (Engine) Build(ctx context.Context, plans []plan.Image) (v1.ImageIndex, error) {
	if len(plans) == 0 {
		return nil, fmt.Errorf("build an index: no plan")
	}
	name := plans[0].Name
	products := &index{images: map[v1.Hash]v1.Image{}}
	var descriptors []ocispec.Descriptor
	for _, plan := range plans {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("build %s: %w", name, err)
		}
		if len(plan.Runs) > 0 {
			return nil, fmt.Errorf("build %s: its steps (run:) are programs, which only a builder runs: start one (%s) and name it with --builder", name, page.BuildKit)
		}
		core, err := newImage(plan)
		if err != nil {
			return nil, fmt.Errorf("build %s for %s: %w", name, plan.Platform, err)
		}
		described := descriptor(types.OCIManifestSchema1, core.manifest)
		platform := engine.Platform(plan.Platform)
		described.Platform = &platform
		descriptors = append(descriptors, described)
		products.images[hash(described)] = core
	}
	text, err := marshal(ocispec.Index{
		Versioned:   specs.Versioned{SchemaVersion: 2},
		MediaType:   ocispec.MediaTypeImageIndex,
		Manifests:   descriptors,
		Annotations: plans[0].Annotations,
	})
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", name, err)
	}
	products.manifest = text
	if err := validate.Index(products, validate.Fast); err != nil {
		return nil, fmt.Errorf("build %s: the product is not valid: %w", name, err)
	}
	return products, nil
}

// newImage writes the config and the manifest of a plan.
func newImage(plan plan.Image) (*image, error) {
	config, err := engine.Config(plan)
	if err != nil {
		return nil, err
	}
	made := &image{config: config, layers: plan.Layers}
	var descriptors []ocispec.Descriptor
	for _, l := range plan.Layers {
		described, err := layerDescriptor(l)
		if err != nil {
			return nil, fmt.Errorf("layer %s: %w", l.Name, err)
		}
		descriptors = append(descriptors, described)
	}
	made.manifest, err = marshal(ocispec.Manifest{
		Versioned:   specs.Versioned{SchemaVersion: 2},
		MediaType:   ocispec.MediaTypeImageManifest,
		Config:      descriptor(types.OCIConfigJSON, config),
		Layers:      descriptors,
		Annotations: plan.Annotations,
	})
	return made, err
}
