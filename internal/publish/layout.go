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
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/beside"
)

// marker is the annotation of index.json that says that mkimage made the folder and may replace it.
const marker = "io.github.sciabarracom.mkimage"

// refName is how the layout calls its only entry, for tools that ask for one (OCI image-spec, annotations.md).
const refName = "org.opencontainers.image.ref.name"

// writeLayout writes an OCI image layout whose index.json names index, and nothing else, as "latest".
func writeLayout(ctx context.Context, dest string, index v1.ImageIndex) error {
	entry := mutate.IndexAddendum{Add: index, Descriptor: v1.Descriptor{Annotations: map[string]string{refName: "latest"}}}
	marked, ok := mutate.Annotations(mutate.AppendManifests(empty.Index, entry), map[string]string{marker: "layout"}).(v1.ImageIndex)
	if !ok {
		return fmt.Errorf("write %s: the index takes no annotations", dest)
	}
	err := beside.Dir(dest, madeHere, func(dir string) error {
		written, err := layout.Write(dir, marked)
		if err != nil {
			return err
		}
		index, err := written.ImageIndex()
		if err != nil {
			return err
		}
		if err := validate.Index(index); err != nil {
			return fmt.Errorf("what was written is not what was built: %w", err)
		}
		return ctx.Err()
	})
	return explainWrite(dest, err)
}

// madeHere says whether a folder is a layout that mkimage wrote, with nothing beside it that somebody has added.
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
