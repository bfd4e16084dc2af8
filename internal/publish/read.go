package publish

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// ReadLayout returns the index in an OCI image layout: as mkimage writes it, or as skopeo, podman, crane and others do, whose
// index.json may name an image, several platforms of one, or indexes of indexes. An image is returned as an index that has
// it alone. Of several images, "latest" is taken, or the one that dir names: FOLDER:NAME.
func ReadLayout(dir string) (v1.ImageIndex, error) {
	folder, wanted := splitLayout(dir)
	top, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return nil, fmt.Errorf("read %s: it is no OCI image layout: %w", dir, human.OneLine(err))
	}
	index, err := choose(top, wanted)
	if err == nil {
		index, err = flat(index)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, human.OneLine(err))
	}
	return index, nil
}

// splitLayout returns the folder of a layout, and which of its images is meant where that is said.
func splitLayout(dir string) (folder, wanted string) {
	if _, err := os.Stat(filepath.Join(dir, "index.json")); err == nil {
		return dir, ""
	}
	if i := strings.LastIndex(dir, ":"); i > 0 {
		if _, err := os.Stat(filepath.Join(dir[:i], "index.json")); err == nil {
			return dir[:i], dir[i+1:]
		}
	}
	return dir, ""
}

// LayoutName returns what an image is called when nothing else is said: as its layout's folder is.
func LayoutName(dir string) string {
	folder, _ := splitLayout(dir)
	if whole, err := filepath.Abs(folder); err == nil { // "." has no name
		folder = whole
	}
	return filepath.Base(folder)
}

// choose returns what index.json has under a name, or all of it where that is one image.
func choose(top v1.ImageIndex, wanted string) (v1.ImageIndex, error) {
	manifest, err := top.IndexManifest()
	if err != nil {
		return nil, err
	}
	named := map[string]v1.Descriptor{}
	digests := map[v1.Hash]bool{}
	for _, entry := range manifest.Manifests {
		digests[entry.Digest] = true
		if name := entry.Annotations[refName]; name != "" {
			named[name] = entry
		}
	}
	entry, found := named[wanted]
	switch {
	case len(manifest.Manifests) == 0:
		return nil, errors.New("it has no image")
	case wanted != "" && !found:
		return nil, fmt.Errorf("it has no image %q: it has %s", wanted, strings.Join(slices.Sorted(maps.Keys(named)), ", "))
	case wanted == "" && len(digests) == 1:
		entry = manifest.Manifests[0]
	case wanted == "" && len(named) < 2: // the platforms of one image
		return top, nil
	case wanted == "":
		if entry, found = named["latest"]; !found {
			return nil, fmt.Errorf("it has several images: name one as FOLDER:NAME, of %s", strings.Join(slices.Sorted(maps.Keys(named)), ", "))
		}
	}
	if entry.MediaType.IsIndex() {
		return top.ImageIndex(entry.Digest)
	}
	image, err := top.Image(entry.Digest)
	if err != nil {
		return nil, err
	}
	return alone(image)
}

// alone returns an index that has one image.
func alone(image v1.Image) (v1.ImageIndex, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	return mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: config.Platform()}}), nil
}

// flat returns an index whose entries are images with their platforms: the very index where it is so, else one of the images
// that can run. What is attested of those stays where it is.
func flat(index v1.ImageIndex) (v1.ImageIndex, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	plain := !slices.ContainsFunc(manifest.Manifests, func(entry v1.Descriptor) bool {
		return !entry.MediaType.IsImage() || entry.Platform == nil || entry.Platform.OS == "unknown" || entry.Platform.Architecture == ""
	})
	if plain && len(manifest.Manifests) > 0 {
		return index, nil
	}
	images, err := runnable(index)
	if err != nil {
		return nil, err
	}
	if len(images) == 0 {
		return nil, errors.New("it has no image that can run")
	}
	made := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, each := range images {
		made = mutate.AppendManifests(made, mutate.IndexAddendum{Add: each.Image, Descriptor: v1.Descriptor{Platform: each.Platform}})
	}
	if len(manifest.Annotations) > 0 {
		made = mutate.Annotations(made, manifest.Annotations).(v1.ImageIndex)
	}
	return made, nil
}

// Pull returns what a registry has for a reference. An image is returned as an index that has it alone.
func Pull(ctx context.Context, client *registry.Client, reference name.Reference) (v1.ImageIndex, error) {
	index, err := pull(reference, client.Options(ctx))
	return index, client.Explain("pull", reference, err)
}

func pull(reference name.Reference, options []remote.Option) (v1.ImageIndex, error) {
	found, err := remote.Get(reference, options...)
	if err != nil {
		return nil, err
	}
	if found.MediaType.IsIndex() {
		return found.ImageIndex()
	}
	image, err := found.Image()
	if err != nil {
		return nil, err
	}
	return alone(image)
}

// Resolve returns the digest that a registry has for a reference.
func Resolve(ctx context.Context, client *registry.Client, reference name.Reference) (v1.Hash, error) {
	found, err := client.Head(ctx, reference)
	if err != nil {
		return v1.Hash{}, client.Explain("look for", reference, err)
	}
	if found == (v1.Hash{}) {
		return v1.Hash{}, fmt.Errorf("look for %s: there is no such image at %s", reference.Name(), reference.Context().RegistryStr())
	}
	return found, nil
}
