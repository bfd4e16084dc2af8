package sizes

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// createdBy is what our engines write before the layer's name in its history entry.
const createdBy = "mkimage "

// weighed is a layer that knows what it weighs, as our own do.
type weighed interface {
	Weight() (dockerSize, tarSize int64)
}

// Measure weighs every layer of an image; those that do not know what they weigh are read. A layer that no history entry of ours names is called "layer N", from 1.
func Measure(name, platform string, img v1.Image, inputs map[string]string) (Image, error) {
	row := Image{Name: name, Platform: platform, Inputs: inputs}
	if err := row.measure(img); err != nil {
		return Image{}, fmt.Errorf("measure %s (%s): %w", name, platform, err)
	}
	return row, nil
}

func (i *Image) measure(img v1.Image) error {
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
	names := LayerNames(config.History, len(layers))
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
		tarSize, err := row.weigh(layer)
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
func (l *Layer) weigh(layer v1.Layer) (tarSize int64, err error) {
	if known, ok := layer.(weighed); ok {
		l.DockerSize, tarSize = known.Weight()
		return tarSize, nil
	}
	stream, err := layer.Uncompressed()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	counted := &counter{Reader: stream}
	if l.DockerSize, err = dockerSize(counted); err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, counted) // what stands after the end of the archive
	return counted.n, err
}

// dockerSize is what Docker's classic stores count in a layer: the bytes of regular files, which a hard link does not
// add to, and the length of the symbolic links' targets.
func dockerSize(archive io.Reader) (int64, error) {
	var sum int64
	for entries := tar.NewReader(archive); ; {
		header, err := entries.Next()
		switch {
		case err == io.EOF:
			return sum, nil
		case err != nil:
			return 0, err
		case header.Typeflag == tar.TypeReg:
			sum += header.Size
		case header.Typeflag == tar.TypeSymlink:
			sum += int64(len(header.Linkname))
		}
	}
}

// LayerNames returns the name of every layer of an image, by its history: what our engines wrote there, else "layer N",
// from 1.
func LayerNames(history []v1.History, layers int) []string {
	var names []string
	for _, entry := range history {
		if !entry.EmptyLayer {
			names = append(names, strings.TrimPrefix(entry.CreatedBy, createdBy))
		}
	}
	for n := range layers {
		if n >= len(names) {
			names = append(names, "")
		}
		if names[n] == "" || strings.ContainsAny(names[n], " \n") {
			names[n] = fmt.Sprintf("layer %d", n+1)
		}
	}
	return names[:layers]
}

// counter counts the bytes that are read through it.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}
