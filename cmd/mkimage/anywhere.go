package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/container"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
)

// onEngine is the prefix of an image on the Docker Engine.
const onEngine = "daemon:"

// anImage tells in help texts where an image may be.
const anImage = `An image is NAME, built to dist/NAME; an OCI layout, in a folder or an archive; an archive of docker save; daemon:NAME on
the Docker Engine; or REF in a registry, from which only layers that the cache lacks are read.`

// found is an image, wherever it is.
type found struct {
	index  v1.ImageIndex
	name   string // for people
	source string // where it is, without a path of this machine
	close  func() // ends what reading its layers needs
}

// anywhere finds an image.
func anywhere(command *cobra.Command, access *registryFlags, images, text string) (found, error) {
	if name, is := strings.CutPrefix(text, onEngine); is {
		index, remove, err := fromEngine(command.Context(), name)
		return found{index, text, "Docker Engine: " + name, remove}, err
	}
	if dir, is := layout.Find(text); is {
		tellOlder(command, dir, text)
		index, err := layout.Read(dir)
		return found{index, layout.Name(dir), "OCI layout: " + layout.Name(dir), func() {}}, err
	}
	if isFileOrEngine(text) {
		index, err := layout.Archive(text)
		return found{index, filepath.Base(text), "archive: " + filepath.Base(text), func() {}}, err
	}
	if err := layout.NotHere(text, knownNames(images)); err != nil {
		return found{}, err
	}
	client, err := access.open(command, text)
	if err != nil {
		return found{}, err
	}
	reference, err := client.Reference(text)
	if err != nil {
		client.Close()
		return found{}, fmt.Errorf("%q is neither an image here nor a reference: %w", text, err)
	}
	index, err := client.Pull(command.Context(), reference)
	if err != nil {
		client.Close()
		return found{}, err
	}
	return found{index, text, reference.Context().Name(), client.Close}, nil
}

// isFileOrEngine reports whether an image is in a file, or on the Docker Engine.
func isFileOrEngine(text string) bool {
	info, err := os.Stat(text)
	return strings.HasPrefix(text, onEngine) || err == nil && info.Mode().IsRegular()
}

// fromEngine saves an image of the Docker Engine to a temporary file, which remove takes away.
func fromEngine(ctx context.Context, name string) (index v1.ImageIndex, remove func(), err error) {
	engine, err := container.Connect()
	if err != nil {
		return nil, nil, err
	}
	defer engine.Close()
	file, err := os.CreateTemp("", "mkimage-*.tar")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { _ = os.Remove(file.Name()) } // it may be gone
	err = errors.Join(engine.Save(ctx, name, file), file.Close())
	if err == nil {
		index, err = layout.Archive(file.Name())
	}
	if err != nil {
		remove()
		return nil, nil, err
	}
	return index, remove, nil
}

// platformed is the image of a platform.
type platformed struct {
	platform string
	image    v1.Image
}

// platforms returns the images that can run, by platform.
func (f found) platforms() (map[string]v1.Image, error) {
	all, err := layout.Platforms(f.index)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s has no image that can run", f.name)
	}
	return all, err
}

// pick returns the image of a platform. A single image is returned whatever its platform is, if none is asked for.
func (f found) pick(platform string) (platformed, error) {
	all, err := f.platforms()
	if err != nil {
		return platformed{}, err
	}
	names := slices.Sorted(maps.Keys(all))
	switch {
	case platform != "":
	case len(names) == 1:
		platform = names[0]
	default:
		platform = "linux/amd64"
	}
	image, is := all[platform]
	if !is {
		return platformed{}, fmt.Errorf("%s has no image for %s: it has %s; choose with --platform", f.name, platform, strings.Join(names, ", "))
	}
	return platformed{platform, image}, nil
}
