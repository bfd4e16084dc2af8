// Package layout finds and reads images in OCI image layouts, the folders that mkimage, skopeo, podman, crane and
// others write, and picks the image of a platform from an index.
//
//	dir, found := layout.Find("hello")  // dist/hello, of the last build
//	index, err := layout.Read(dir)
//	image, platform, err := layout.Pick(index)
package layout

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Read returns the index in an OCI image layout. The layouts of other tools may name an image, several platforms of
// one, or an index of indexes. A single image is returned as an index with one entry. Of several images, Read takes
// "latest", or the one that dir names as FOLDER:NAME.
func Read(dir string) (v1.ImageIndex, error) {
	folder, wanted := split(dir)
	top, err := ocilayout.ImageIndexFromPath(folder)
	if err != nil {
		return nil, fmt.Errorf("read %s: it is not an OCI image layout: %w", dir, human.OneLine(err))
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

// split returns the folder of a layout, and the name of one of its images if dir has it.
func split(dir string) (folder, wanted string) {
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

// Name returns the default name of an image in a layout: the name of the folder.
func Name(dir string) string {
	folder, _ := split(dir)
	if whole, err := filepath.Abs(folder); err == nil { // "." has no name
		folder = whole
	}
	return filepath.Base(folder)
}

// choose returns the entry of index.json with a name, or the whole index if it is one image.
func choose(top v1.ImageIndex, wanted string) (v1.ImageIndex, error) {
	manifest, err := top.IndexManifest()
	if err != nil {
		return nil, err
	}
	named := map[string]v1.Descriptor{}
	digests := map[v1.Hash]bool{}
	for _, entry := range manifest.Manifests {
		digests[entry.Digest] = true
		if name := entry.Annotations[ocispec.AnnotationRefName]; name != "" {
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
	return Alone(image)
}

// Alone returns an index with this image as its only entry.
func Alone(image v1.Image) (v1.ImageIndex, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	return mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: config.Platform()}}), nil
}

// flat returns an index whose entries are images with their platforms. An index of that form is returned unchanged.
// From any other, flat makes an index of the images that can run, without the attestations beside them.
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
