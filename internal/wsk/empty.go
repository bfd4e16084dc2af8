package wsk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// Look finds out whether the image, which is in a registry, brings an action. Only images of mkimage are called empty,
// because other images may answer /init in ways of their own.
func (i *Image) Look(ctx context.Context, client *registry.Client) error {
	reference, err := client.Reference(i.Reference())
	if err != nil {
		return err
	}
	index, err := client.Pull(ctx, reference)
	if err != nil {
		return err
	}
	img, err := firstImage(index)
	if err != nil {
		return fmt.Errorf("look at %s: %w", i.Reference(), err)
	}
	return client.Explain("look at", reference, i.look(img, true))
}

func (i *Image) look(img v1.Image, onlyOurs bool) error {
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	if err := plan.CheckServes(config); err != nil {
		return err
	}
	i.img, i.JSONLog = img, slices.Contains(config.Config.Env, "OW_LOG_FORMAT=json")
	i.Empty, err = isEmpty(img, onlyOurs)
	return err
}

// isEmpty reports whether an image has no action: neither the label of one nor, for images of older versions, anything
// at /action/exec. Layers of mkimage are skipped if their names say that they hold no action. With onlyOurs, an image
// without any layer of mkimage is not read, and not empty.
func isEmpty(img v1.Image, onlyOurs bool) (bool, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return false, err
	}
	if config.Config.Labels[plan.ActionLabel] != "" {
		return false, nil
	}
	layers, err := img.Layers()
	if err != nil {
		return false, err
	}
	if onlyOurs && !content.IsOurs(config.History) {
		return false, nil
	}
	names := content.OwnNames(config.History, len(layers))
	store, _ := cache.Open("")                      // without a cache, the layers are read each time
	for n, layer := range slices.Backward(layers) { // the action is on top
		if slices.Contains([]string{"base", "proxy", "packages"}, names[n]) || strings.HasPrefix(names[n], "stemcell-") {
			continue
		}
		found, err := content.Of(layer, store)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(found.Entries, func(entry content.Entry) bool { return entry.Path == action.Exec }) {
			return false, nil
		}
	}
	return true, nil
}

// firstImage returns the first image of an index, which may also list attestations.
func firstImage(index v1.ImageIndex) (v1.Image, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, descriptor := range manifest.Manifests {
		if p := descriptor.Platform; p != nil && p.OS == "unknown" || !descriptor.MediaType.IsImage() {
			continue
		}
		return index.Image(descriptor.Digest)
	}
	return nil, errors.New("it has no platforms")
}
