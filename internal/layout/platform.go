package layout

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// Pick returns the index's image for this machine, or its only image, and the platform. Entries that cannot run are
// skipped: BuildKit adds attestations for the platform unknown/unknown.
func Pick(index v1.ImageIndex) (v1.Image, string, error) {
	runnable, err := runnable(index)
	if err != nil {
		return nil, "", err
	}
	here := images.PlatformOf("linux", runtime.GOARCH, "")
	var platforms []string
	for _, each := range runnable {
		if each.platform() == string(here) || len(runnable) == 1 {
			return each.Image, each.platform(), nil
		}
		platforms = append(platforms, each.platform())
	}
	if platforms == nil {
		return nil, "", errors.New("the index has no image that can run")
	}
	return nil, "", fmt.Errorf("none of %s is this machine's platform, %s: build the image for it, or for one platform alone, "+
		"with mkimage build --platform", strings.Join(platforms, ", "), here)
}

// Platforms returns the images of an index by their platforms, such as linux/amd64.
func Platforms(index v1.ImageIndex) (map[string]v1.Image, error) {
	images, err := runnable(index)
	all := map[string]v1.Image{}
	for _, each := range images {
		all[each.platform()] = each.Image
	}
	return all, err
}

// platformed is an image and its platform.
type platformed struct {
	v1.Image
	*v1.Platform
}

func (p platformed) platform() string {
	return string(images.PlatformOf(p.OS, p.Architecture, p.Variant))
}

// runnable returns the images of an index and of the indexes inside it. The platform of an entry without one is read
// from the image's config.
func runnable(index v1.ImageIndex) ([]platformed, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var images []platformed
	for _, entry := range manifest.Manifests {
		if entry.MediaType.IsIndex() {
			below, err := index.ImageIndex(entry.Digest)
			if err != nil {
				return nil, err
			}
			more, err := runnable(below)
			if err != nil {
				return nil, err
			}
			images = append(images, more...)
			continue
		}
		if !entry.MediaType.IsImage() || entry.Annotations["vnd.docker.reference.type"] != "" || entry.Platform != nil && entry.Platform.OS == "unknown" {
			continue
		}
		image, err := index.Image(entry.Digest)
		if err != nil {
			return nil, err
		}
		platform := entry.Platform
		if platform == nil || platform.OS == "" || platform.Architecture == "" {
			config, err := image.ConfigFile()
			if err != nil {
				return nil, err
			}
			platform = config.Platform()
		}
		if platform != nil {
			images = append(images, platformed{image, platform})
		}
	}
	return images, nil
}
