package wsk

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// Look finds out whether the image, which a registry has, brings an action. Of layers that mkimage has made none is pulled
// whose name tells; how an image of others answers /init is not known, so that it is not called empty.
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
	layers, err := layersOf(img)
	if err != nil {
		return client.Explain("look at", reference, err)
	}
	if !ours(layers) {
		return nil
	}
	i.Empty, err = isEmpty(index)
	return client.Explain("look at", reference, err)
}

// isEmpty reports whether the index's first image has no action: nothing at /action/exec.
func isEmpty(index v1.ImageIndex) (bool, error) {
	img, err := firstImage(index)
	if err != nil {
		return false, err
	}
	layers, err := layersOf(img)
	if err != nil {
		return false, err
	}
	for i := range layers { // the action is the top one
		has, err := layers[len(layers)-1-i].hasAction()
		if has || err != nil {
			return false, err
		}
	}
	return true, nil
}

// firstImage returns an index's first image; what is attached to images may stand among them.
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

// layer is a layer of an image, with what the image's history says of it.
type layer struct {
	v1.Layer
	createdBy string
}

func layersOf(img v1.Image) ([]layer, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	found, err := img.Layers()
	if err != nil {
		return nil, err
	}
	layers := make([]layer, len(found))
	for i, l := range found {
		layers[i].Layer = l
	}
	n := 0
	for _, entry := range config.History {
		if !entry.EmptyLayer && n < len(layers) {
			layers[n].createdBy = entry.CreatedBy
			n++
		}
	}
	return layers, nil
}

// ours reports whether mkimage has made a layer of the image.
func ours(layers []layer) bool {
	for _, l := range layers {
		if strings.HasPrefix(l.createdBy, content.CreatedBy("")) {
			return true
		}
	}
	return false
}

// hasAction reports whether the layer has a file at /action/exec. Those layers of ours that never do are not read.
func (l layer) hasAction() (bool, error) {
	name, ours := strings.CutPrefix(l.createdBy, content.CreatedBy(""))
	if ours && (name == "base" || name == "proxy" || name == "packages" || strings.HasPrefix(name, "stemcell-")) {
		return false, nil
	}
	stream, err := l.Uncompressed()
	if err != nil {
		return false, err
	}
	defer stream.Close()
	for entries := tar.NewReader(stream); ; {
		entry, err := entries.Next()
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		case content.CleanName(entry.Name) == "action/exec":
			return true, nil
		}
	}
}
