package publish

import (
	"fmt"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// pick returns the image for this machine, or the only one that the index has.
func pick(index v1.ImageIndex) (v1.Image, string, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, "", err
	}
	var platforms []string
	for _, descriptor := range manifest.Manifests {
		if descriptor.Platform == nil {
			continue
		}
		platforms = append(platforms, platformOf(descriptor))
		if descriptor.Platform.OS == "linux" && descriptor.Platform.Architecture == runtime.GOARCH || len(manifest.Manifests) == 1 {
			img, err := index.Image(descriptor.Digest)
			return img, platformOf(descriptor), err
		}
	}
	return nil, "", fmt.Errorf("none of %s is this machine's platform, linux/%s: choose one with --platform",
		strings.Join(platforms, ", "), runtime.GOARCH)
}

func platformOf(descriptor v1.Descriptor) string {
	return descriptor.Platform.OS + "/" + descriptor.Platform.Architecture
}
