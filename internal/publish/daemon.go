package publish

import (
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/container"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
)

// load loads an image into the Docker Engine.
func (r *Result) load(ctx context.Context, image string, index v1.ImageIndex) error {
	img, platform, err := layout.Pick(index)
	if err != nil {
		return fmt.Errorf("load %s: %w", image, err)
	}
	tag, err := r.localTag(image)
	if err != nil {
		return err
	}
	r.Platform, r.Tags = platform, []string{tag.String()}
	engine, err := container.Connect()
	if err != nil {
		return fmt.Errorf("load %s: %w", tag, err)
	}
	defer engine.Close()
	return engine.LoadAs(ctx, tag, img)
}
