package publish

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/daemon"
	"github.com/moby/moby/client"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/container"
)

// load gives an image to the Docker Engine at $DOCKER_HOST, or at its usual address.
func (r *Result) load(ctx context.Context, image string, index v1.ImageIndex) error {
	img, platform, err := pick(index)
	if err != nil {
		return fmt.Errorf("load %s: %w", image, err)
	}
	tag, err := r.localTag(image)
	if err != nil {
		return err
	}
	r.Platform, r.Tags = platform, []string{tag.String()}
	address := cmp.Or(os.Getenv("DOCKER_HOST"), client.DefaultDockerHost)
	engine, err := client.New(client.FromEnv)
	if err != nil {
		return fmt.Errorf("load %s: DOCKER_HOST=%s: %w", tag, address, err)
	}
	defer engine.Close()
	answer, err := daemon.Write(tag, img, daemon.WithContext(ctx), daemon.WithClient(engine))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return container.Explain("load "+tag.String(), address, err)
	}
	if err := loadError(answer); err != nil {
		return fmt.Errorf("load %s: %w", tag, err)
	}
	return r.inspect(ctx, engine, tag.String(), img)
}

// inspect checks that the engine has the layers that were sent. Its image store decides what an image's id is.
func (r *Result) inspect(ctx context.Context, engine *client.Client, tag string, img v1.Image) error {
	loaded, err := engine.ImageInspect(ctx, tag)
	if err != nil {
		return fmt.Errorf("load %s: %w", tag, oneLine(err))
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	var sent []string
	for _, id := range config.RootFS.DiffIDs {
		sent = append(sent, id.String())
	}
	if !slices.Equal(loaded.RootFS.Layers, sent) {
		return fmt.Errorf("load %s: the engine has other layers than were sent: %s", tag, strings.Join(loaded.RootFS.Layers, " "))
	}
	return nil
}

// loadError finds the error in the engine's answer to a load: JSON objects after a status of 200, one of which may
// have an "error" (Docker Engine API, /images/load).
func loadError(answer string) error {
	for messages := json.NewDecoder(strings.NewReader(answer)); ; {
		var message struct {
			Error string `json:"error"`
		}
		switch err := messages.Decode(&message); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil: // not JSON: an older engine's plain text, which has no errors
			return nil
		case message.Error != "":
			return oneLine(errors.New(message.Error))
		}
	}
}
