package publish

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
)

// marker is the annotation of index.json with which mkimage marks a folder that it made and may replace.
const marker = "io.github.sciabarracom.mkimage"

// writeLayout writes an OCI image layout whose index.json names index, and nothing else, as "latest". One that is there
// already stays as it is, and of another one those blobs are taken that the new one has too.
func writeLayout(ctx context.Context, dest string, index v1.ImageIndex) error {
	entry := mutate.IndexAddendum{Add: index, Descriptor: v1.Descriptor{Annotations: map[string]string{ocispec.AnnotationRefName: "latest"}}}
	marked, ok := mutate.Annotations(mutate.AppendManifests(empty.Index, entry), map[string]string{marker: "layout"}).(v1.ImageIndex)
	if !ok {
		return fmt.Errorf("write %s: the index takes no annotations", dest)
	}
	blobs, err := blobsOf(index)
	if err != nil {
		return fmt.Errorf("write %s: %w", dest, err)
	}
	if isWritten(dest, marked, blobs) {
		return ctx.Err()
	}
	err = atomicfile.Dir(dest, madeHere, func(dir string) error {
		linkBlobs(dest, dir, blobs)
		if _, err := layout.Write(dir, marked); err != nil {
			return err
		}
		for _, blob := range blobs {
			if !intact(dir, blob) {
				return fmt.Errorf("what was written is not what was built: %s", blob.Digest)
			}
		}
		return ctx.Err()
	})
	return explainWrite(dest, err)
}

// madeHere reports whether a folder is a layout that mkimage wrote, without added files.
func madeHere(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if !slices.Contains([]string{"blobs", "index.json", "oci-layout"}, entry.Name()) {
			return false
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return false
	}
	var index v1.IndexManifest
	return json.Unmarshal(text, &index) == nil && index.Annotations[marker] != "" && len(index.Manifests) == 1
}
