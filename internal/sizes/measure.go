package sizes

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
)

// weighed is a layer that knows its sizes. Layers that mkimage has made do.
type weighed interface {
	Weight() (dockerSize, tarSize int64)
}

// Measure returns the row of an image. It reads layers that do not know their sizes, and keeps their content in store.
func Measure(name, platform string, img v1.Image, inputs map[string]string, store cache.Dir) (Image, error) {
	row := Image{Name: name, Platform: platform, Inputs: inputs}
	if err := row.measure(img, store); err != nil {
		return Image{}, fmt.Errorf("measure %s (%s): %w", name, platform, err)
	}
	return row, nil
}

func (i *Image) measure(img v1.Image, store cache.Dir) error {
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	i.Digest = digest.String()
	manifest, err := img.Manifest()
	if err != nil {
		return err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	names := content.Names(layers, config.History)
	i.CompressedSize = manifest.Config.Size
	for n, layer := range layers {
		row := Layer{Name: names[n]}
		digest, err := layer.Digest()
		if err != nil {
			return err
		}
		row.Digest = digest.String()
		if row.CompressedSize, err = layer.Size(); err != nil {
			return err
		}
		tarSize, err := row.weigh(layer, store)
		if err != nil {
			return fmt.Errorf("layer %s: %w", row.Name, err)
		}
		i.Layers = append(i.Layers, row)
		i.DockerSize += row.DockerSize
		i.CompressedSize += row.CompressedSize
		i.TarSize += tarSize
	}
	return nil
}

// weigh sets the layer's docker size and returns the length of its tar stream.
func (l *Layer) weigh(layer v1.Layer, store cache.Dir) (tarSize int64, err error) {
	if known, ok := layer.(weighed); ok {
		l.DockerSize, tarSize = known.Weight()
		return tarSize, nil
	}
	found, err := content.Of(layer, store)
	l.DockerSize = content.DockerSize(found.Entries)
	return found.TarSize, err
}
