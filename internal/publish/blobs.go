package publish

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
)

// blobsOf describes every blob that a layout of the index has, each once: the index, and the manifest, the config and
// the layers of each image.
func blobsOf(index v1.ImageIndex) ([]v1.Descriptor, error) {
	top, err := partial.Descriptor(index)
	if err != nil {
		return nil, err
	}
	all := []v1.Descriptor{*top}
	entries, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, entry := range entries.Manifests {
		image, err := index.Image(entry.Digest)
		if err != nil {
			return nil, err
		}
		manifest, err := image.Manifest()
		if err != nil {
			return nil, err
		}
		all = append(append(all, entry, manifest.Config), manifest.Layers...)
	}
	var blobs []v1.Descriptor
	seen := map[v1.Hash]bool{}
	for _, blob := range all {
		if !seen[blob.Digest] {
			seen[blob.Digest] = true
			blobs = append(blobs, blob)
		}
	}
	return blobs, nil
}

// blob is a layer or a config, and its compressed size in bytes.
type blob struct {
	v1.Layer
	digest v1.Hash
	size   int64
	config bool
}

// images returns the images of the index.
func (p *push) images() ([]v1.Image, error) {
	listed, err := p.Index.IndexManifest()
	if err != nil {
		return nil, err
	}
	images := make([]v1.Image, len(listed.Manifests))
	for i, descriptor := range listed.Manifests {
		if !descriptor.MediaType.IsImage() {
			return nil, fmt.Errorf("the index has %s, a %s: mkimage pushes images", descriptor.Digest, descriptor.MediaType)
		}
		if images[i], err = p.Index.Image(descriptor.Digest); err != nil {
			return nil, err
		}
	}
	return images, nil
}

// contentOf returns the blobs in an image's manifest.
func contentOf(image v1.Image) ([]blob, error) {
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	config, err := partial.ConfigLayer(image)
	if err != nil {
		return nil, err
	}
	var blobs []blob
	for i, layer := range append(layers, config) {
		digest, err := layer.Digest()
		if err != nil {
			return nil, err
		}
		size, err := layer.Size()
		if err != nil {
			return nil, err
		}
		blobs = append(blobs, blob{layer, digest, size, i == len(layers)})
	}
	return blobs, nil
}

// blobFile returns the file of a blob in a layout (OCI image-spec, image-layout.md).
func blobFile(dir string, digest v1.Hash) string {
	return filepath.Join(dir, "blobs", digest.Algorithm, digest.Hex)
}

// intact reports whether a layout has a blob, every byte of it.
func intact(dir string, blob v1.Descriptor) bool {
	file, err := os.Open(blobFile(dir, blob.Digest))
	if err != nil {
		return false
	}
	defer file.Close()
	if stat, err := file.Stat(); err != nil || stat.Size() != blob.Size {
		return false
	}
	digest, _, err := v1.SHA256(io.LimitReader(file, blob.Size))
	return err == nil && digest == blob.Digest
}

// isWritten reports whether dir is the very layout that would be written: ours, of this index, with these blobs.
func isWritten(dir string, marked v1.ImageIndex, blobs []v1.Descriptor) bool {
	want, err := marked.RawManifest()
	if err != nil || !madeHere(dir) {
		return false
	}
	if got, err := os.ReadFile(filepath.Join(dir, "index.json")); err != nil || !bytes.Equal(got, want) {
		return false
	}
	if _, err := os.Stat(filepath.Join(dir, "oci-layout")); err != nil {
		return false
	}
	there, err := os.ReadDir(filepath.Join(dir, "blobs", "sha256"))
	if err != nil || len(there) != len(blobs) {
		return false
	}
	for _, blob := range blobs {
		if !intact(dir, blob) {
			return false
		}
	}
	return true
}

// linkBlobs links the blobs of the former layout that the new one has too, in place of copies. The former layout is
// removed when the new one takes its place. Blobs that cannot be linked are written.
func linkBlobs(former, dir string, blobs []v1.Descriptor) {
	if !madeHere(former) || os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o777) != nil {
		return
	}
	for _, blob := range blobs {
		if intact(former, blob) {
			_ = os.Link(blobFile(former, blob.Digest), blobFile(dir, blob.Digest))
		}
	}
}
