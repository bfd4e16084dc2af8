package layout

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// mostDocument is how many bytes an index, a manifest or a config in an archive may have.
const mostDocument = 8 << 20

// packed is an OCI layout in a tar archive, which is read in place.
type packed struct {
	file  string
	files map[string]span // by their names in the archive
}

// span is where a file lies in the archive.
type span struct{ at, size int64 }

// readPacked lists the files of an archive.
func readPacked(file string) (packed, error) {
	f, err := os.Open(file)
	if err != nil {
		return packed{}, human.Reason(err)
	}
	defer f.Close()
	p := packed{file, map[string]span{}}
	for entries := tar.NewReader(f); ; {
		header, err := entries.Next()
		if err == io.EOF {
			return p, nil
		}
		if err != nil && len(p.files) == 0 {
			return packed{}, errors.New("it is no tar archive")
		}
		if err != nil {
			return packed{}, err
		}
		if len(p.files) == mostEntries {
			return packed{}, fmt.Errorf("it has more than %d entries", mostEntries)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		at, err := f.Seek(0, io.SeekCurrent) // the reader has read the header, and no byte more
		if err != nil {
			return packed{}, err
		}
		p.files[strings.TrimPrefix(path.Clean("/"+header.Name), "/")] = span{at, header.Size}
	}
}

// open returns the bytes of a file of the archive.
func (p packed) open(name string) (io.ReadCloser, int64, error) {
	where, is := p.files[name]
	if !is {
		return nil, 0, fmt.Errorf("it has no %s", name)
	}
	f, err := os.Open(p.file)
	if err != nil {
		return nil, 0, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, where.at, where.size), f}, where.size, nil
}

// document returns a small file.
func (p packed) document(name string) ([]byte, error) {
	content, size, err := p.open(name)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	if size > mostDocument {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", name, size, mostDocument)
	}
	return io.ReadAll(content)
}

func blob(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

// checked returns the document of a digest.
func (p packed) checked(h v1.Hash) ([]byte, error) {
	text, err := p.document(blob(h))
	if err != nil {
		return nil, err
	}
	if got, _, err := v1.SHA256(bytes.NewReader(text)); err != nil || got != h {
		return nil, errors.Join(fmt.Errorf("%s has the digest %s", blob(h), got), err)
	}
	return text, nil
}

// index returns the index whose text this is.
func (p packed) index(text []byte) (v1.ImageIndex, error) {
	manifest, err := v1.ParseIndexManifest(bytes.NewReader(text))
	if err != nil {
		return nil, errors.New("its index is not JSON of the right form")
	}
	return packedIndex{p, text, manifest}, nil
}

// packedIndex is an index in the archive.
type packedIndex struct {
	packed
	text     []byte
	manifest *v1.IndexManifest
}

func (i packedIndex) MediaType() (types.MediaType, error) {
	if i.manifest.MediaType != "" {
		return i.manifest.MediaType, nil
	}
	return types.OCIImageIndex, nil
}
func (i packedIndex) Digest() (v1.Hash, error)                  { return partial.Digest(i) }
func (i packedIndex) Size() (int64, error)                      { return partial.Size(i) }
func (i packedIndex) IndexManifest() (*v1.IndexManifest, error) { return i.manifest.DeepCopy(), nil }
func (i packedIndex) RawManifest() ([]byte, error)              { return i.text, nil }
func (i packedIndex) ImageIndex(h v1.Hash) (v1.ImageIndex, error) {
	text, err := i.checked(h)
	if err != nil {
		return nil, err
	}
	return i.index(text)
}

// Image returns the image whose manifest has the digest.
func (i packedIndex) Image(h v1.Hash) (v1.Image, error) {
	text, err := i.checked(h)
	if err != nil {
		return nil, err
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(text))
	if err != nil {
		return nil, errors.New("its manifest is not JSON of the right form")
	}
	return partial.CompressedToImage(packedImage{i.packed, text, manifest})
}

// packedImage is an image in the archive.
type packedImage struct {
	packed
	text     []byte
	manifest *v1.Manifest
}

func (i packedImage) RawManifest() ([]byte, error)   { return i.text, nil }
func (i packedImage) RawConfigFile() ([]byte, error) { return i.checked(i.manifest.Config.Digest) }
func (i packedImage) MediaType() (types.MediaType, error) {
	if i.manifest.MediaType != "" {
		return i.manifest.MediaType, nil
	}
	return types.OCIManifestSchema1, nil
}

// LayerByDigest returns one of the layers.
func (i packedImage) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	if h == i.manifest.Config.Digest {
		return packedLayer{i.packed, i.manifest.Config}, nil
	}
	for _, layer := range i.manifest.Layers {
		if layer.Digest == h {
			return packedLayer{i.packed, layer}, nil
		}
	}
	return nil, fmt.Errorf("its manifest has no layer %s", h)
}

// packedLayer is a layer in the archive, as it is stored.
type packedLayer struct {
	packed
	descriptor v1.Descriptor
}

func (l packedLayer) Digest() (v1.Hash, error)            { return l.descriptor.Digest, nil }
func (l packedLayer) Size() (int64, error)                { return l.descriptor.Size, nil }
func (l packedLayer) MediaType() (types.MediaType, error) { return l.descriptor.MediaType, nil }
func (l packedLayer) Compressed() (io.ReadCloser, error) {
	content, _, err := l.open(blob(l.descriptor.Digest))
	return content, err
}

// isLayout reports whether the archive says that it is an OCI layout.
func (p packed) isLayout() bool {
	text, err := p.document("oci-layout")
	var said struct {
		Version string `json:"imageLayoutVersion"`
	}
	return err == nil && json.Unmarshal(text, &said) == nil && strings.HasPrefix(said.Version, "1.")
}
