package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk"
)

// find returns the image that the command line names.
func (f *wskFlags) find(command *cobra.Command, image string) (wsk.Image, error) {
	dir, found := layout.Find(image)
	if found && f.repo != "" && older(dir, image) {
		pushed := f.pushed(image)
		fmt.Fprintf(command.ErrOrStderr(), "%s is of an earlier build, so this is the image that was pushed last: %s\n", dir, pushed)
		last, err := f.reference(command, pushed)
		if err != nil {
			err = fmt.Errorf("image %s was built again after %s (mkimage build %s writes that anew), and in the registry: %w", image, dir, image, err)
		}
		return last, err
	}
	if found {
		if f.repo == "" {
			return wsk.Image{}, fmt.Errorf("%s: which repository is it pushed to? give --repo, or set $MKIMAGE_REPO, or name the image as REPOSITORY:TAG", dir)
		}
		return wsk.FromLayout(dir, f.repo)
	}
	if f.repo != "" && slices.Contains(knownNames(f.images), image) {
		found, err := f.reference(command, f.pushed(image))
		if err != nil {
			err = fmt.Errorf("image %s is not built here (mkimage build %s), and in the registry: %w", image, image, err)
		}
		return found, err
	}
	if err := layout.NotHere(image, knownNames(f.images)); err != nil {
		return wsk.Image{}, err
	}
	return f.reference(command, image)
}

// pushed returns the reference of an image that mkimage build --push has pushed, without a layout here.
func (f *wskFlags) pushed(image string) string {
	tag := "latest"
	if len(f.tags) > 0 {
		tag = f.tags[0]
	}
	return f.repo + "/" + image + ":" + tag
}

// reference returns an image in a registry.
func (f *wskFlags) reference(command *cobra.Command, image string) (wsk.Image, error) {
	client, err := f.open(command, image)
	if err != nil {
		return wsk.Image{}, err
	}
	defer client.Close()
	found, err := wsk.FromReference(command.Context(), client, image)
	if err == nil && (f.file == "" || f.runtimes.wanted) {
		err = found.Look(command.Context(), client)
	}
	return found, err
}
