// Package engine turns plans into images. It holds the parts that every engine must do in the same way, byte by byte,
// so that the same plans give the same digests with each.
package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	digest "github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Engine builds an index from the plans of one image, one plan a platform. It is a [Stepped] where there are steps.
type Engine interface {
	Build(ctx context.Context, plans []plan.Image) (v1.ImageIndex, error)
}

// LostError says that an image was not built because the engine can build none any more.
type LostError struct {
	Image  string
	Reason error
}

func (e *LostError) Error() string { return "build " + e.Image + ": " + e.Reason.Error() }
func (e *LostError) Unwrap() error { return e.Reason }

// Stepped is an index with layers that steps have made, which is all that depends on who has built it.
type Stepped struct {
	Index
	Engine    string // the engine that ran the steps: "buildkit"
	Version   string // of it, such as v0.32.2; "" where it does not say
	FromCache bool   // whether a cache was given that the layers may be from
}

// Index is an index under a name that does not hide the method ImageIndex of a struct that has one.
type Index interface{ v1.ImageIndex }

// Config returns the image config (OCI image specification, "Image Configuration") in BuildKit's form: sorted top-level
// keys, no blanks. It has one history entry for each layer, also for layers that a builder is to make.
func Config(image plan.Image) ([]byte, error) {
	rootfs := ocispec.RootFS{Type: "layers"}
	var history []ocispec.History
	for _, l := range image.Layers {
		diffID, err := l.DiffID()
		if err != nil {
			return nil, fmt.Errorf("config of %s: layer %s: %w", image.Name, l.Name, err)
		}
		rootfs.DiffIDs = append(rootfs.DiffIDs, digest.Digest(diffID.String()))
	}
	for _, name := range image.Names() {
		history = append(history, ocispec.History{Created: &image.Created, CreatedBy: content.CreatedBy(name)})
	}
	config := map[string]any{
		"architecture": image.Platform.Architecture(),
		"config":       image.Config,
		"created":      image.Created,
		"history":      history,
		"os":           image.Platform.OS(),
		"rootfs":       rootfs,
	}
	if variant := image.Platform.Variant(); variant != "" {
		config["variant"] = variant
	}
	text, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("config of %s: %w", image.Name, err)
	}
	return text, nil
}

// Platform returns a platform as OCI documents have it.
func Platform(of images.Platform) ocispec.Platform {
	return ocispec.Platform{OS: of.OS(), Architecture: of.Architecture(), Variant: of.Variant()}
}
