package container

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/containerd/errdefs"
)

// Save writes an image of the engine as an archive, as docker save does.
func (e *Engine) Save(ctx context.Context, image string, w io.Writer) error {
	archive, err := e.client.ImageSave(ctx, []string{image})
	if errdefs.IsNotFound(err) {
		return fmt.Errorf("the Docker Engine has no image %s: fetch it with docker pull, or name one in a registry without the word daemon", image)
	}
	if err != nil {
		return e.explain("save "+image, err)
	}
	_, err = io.Copy(w, archive)
	return e.explain("save "+image, errors.Join(err, archive.Close()))
}
