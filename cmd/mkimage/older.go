package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// older reports whether dist/NAME, at dir, is of an earlier build than the last, which wrote no layout: a build that
// pushes records its digests alone.
func older(dir, image string) bool {
	if dir != filepath.Join("dist", image) {
		return false
	}
	record, err := sizes.Read(builtRecord)
	if err != nil {
		return false // builds write it anew
	}
	index, err := layout.Read(dir)
	if err != nil {
		return false
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return false
	}
	for _, entry := range manifest.Manifests {
		for _, row := range record.Images {
			if entry.Platform != nil && row.Name == image && row.Platform == entry.Platform.String() && row.Digest != entry.Digest.String() {
				return true
			}
		}
	}
	return false
}

// tellOlder says that the image in a layout is of an earlier build.
func tellOlder(command *cobra.Command, dir, image string) {
	if older(dir, image) {
		fmt.Fprintf(command.ErrOrStderr(), "%s is of an earlier build; mkimage build %s writes it anew\n", dir, image)
	}
}
