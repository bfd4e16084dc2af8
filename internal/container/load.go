package container

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/daemon"
	"github.com/moby/moby/client"
)

// Loaded is an image on the engine. One of [Engine.Load] has a name that no other process takes.
type Loaded struct {
	Name   string // "mkimage-run/hello:k3j5…"
	engine *Engine
}

// loadedAs begins the names of images that were loaded to be started.
const loadedAs = "mkimage-run"

// Load loads an image into the engine, under a name that it returns. Two that are loaded at the same time never take
// each other's name, whatever they are called.
func (e *Engine) Load(ctx context.Context, title string, image v1.Image) (*Loaded, error) {
	word := unique()
	if e.owner != "" {
		word = e.owner + "-" + word
	}
	tag, err := name.NewTag(loadedAs + "/" + path(title) + ":" + word)
	if err != nil {
		return nil, err
	}
	l := &Loaded{tag.String(), e}
	if err := l.load(ctx, tag, image); err != nil {
		_ = l.Remove() // for the same reason it may fail; then a later run removes what is there
		return nil, e.explain("load "+title, err)
	}
	return l, nil
}

// LoadAs loads an image into the engine as tag. If it fails, the tag is as it was.
func (e *Engine) LoadAs(ctx context.Context, tag name.Tag, image v1.Image) error {
	loaded, err := e.Load(ctx, tag.String(), image)
	if err != nil {
		return err
	}
	_, err = e.client.ImageTag(ctx, client.ImageTagOptions{Source: loaded.Name, Target: tag.String()})
	return errors.Join(e.explain("load "+tag.String(), err), loaded.Remove())
}

// path returns a title as a part of a name: of lower case letters and digits.
func path(title string) string {
	title = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(title))
	title = strings.Join(strings.FieldsFunc(title, func(r rune) bool { return r == '-' }), "-")
	return cmp.Or(strings.Trim(title[:min(len(title), 100)], "-"), "image")
}

func (l *Loaded) load(ctx context.Context, tag name.Tag, image v1.Image) error {
	answer, err := daemon.Write(tag, image, daemon.WithContext(ctx), daemon.WithClient(l.engine.client))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return err
	}
	if err := loadError(answer); err != nil {
		return err
	}
	return l.check(ctx, image)
}

// check returns an error if the engine does not have the layers that were sent. The engine's image store decides on the
// id.
func (l *Loaded) check(ctx context.Context, image v1.Image) error {
	found, err := l.engine.client.ImageInspect(ctx, l.Name)
	if err != nil {
		return err
	}
	sent, err := image.ConfigFile()
	if err != nil {
		return err
	}
	same := slices.EqualFunc(found.RootFS.Layers, sent.RootFS.DiffIDs, func(has string, sent v1.Hash) bool { return has == sent.String() })
	if !same {
		return fmt.Errorf("the engine has other layers than were sent: %s", strings.Join(found.RootFS.Layers, " "))
	}
	return nil
}

// Remove takes the name away, and with it the image where it has no other and no container is made of it. An image that
// was not loaded stays.
func (l *Loaded) Remove() error {
	if l.engine == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lateAnswer)
	defer cancel()
	_, err := l.engine.client.ImageRemove(ctx, l.Name, client.ImageRemoveOptions{PruneChildren: true})
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) || client.IsErrConnectionFailed(err) { // not loaded, or in use
		return nil
	}
	return l.engine.explain("remove the image "+l.Name, err)
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
			return errors.New(message.Error)
		}
	}
}
