package layer

import (
	"cmp"
	"errors"
	"hash/crc32"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
)

// describe returns the facts of a layer that are known without compressing it, and the CRC-32 of its tar.
func describe(files []File, mtime time.Time) (facts, uint32, error) {
	files, err := canonical(files)
	if err != nil {
		return facts{}, 0, err
	}
	checksum := crc32.NewIEEE()
	tar := cache.NewMeter(checksum)
	if err := writeTar(tar, files, mtime); err != nil {
		return facts{}, 0, err
	}
	measured := tar.Entry()
	found := facts{DiffID: v1.Hash{Algorithm: "sha256", Hex: measured.SHA256}, TarSize: measured.Size}
	for _, file := range files {
		h := header(file, mtime)
		found.Entries = append(found.Entries, content.Entry{Path: file.Path, Type: h.Typeflag, Mode: h.Mode, Link: h.Linkname, Size: h.Size})
	}
	return found, checksum.Sum32(), nil
}

// errChanged is the error of a layer whose files were others at first.
var errChanged = errors.New("a file of it has changed meanwhile")

// compress writes the gzipped tar, whose CRC-32 is known.
func (m *Maker) compress(w io.Writer, files []File, checksum uint32) error {
	files, err := canonical(files)
	if err != nil {
		return err
	}
	zip := m.zips.NewWriter(w)
	if err = writeTar(zip, files, m.mtime); err == nil && zip.Checksum() != checksum {
		err = errChanged
	}
	return cmp.Or(zip.Close(), err)
}

// listContent lists the content of a layer.
func listContent(files []File, mtime time.Time) (content.Layer, error) {
	files, err := canonical(files)
	if err != nil {
		return content.Layer{}, err
	}
	var all content.List
	for _, file := range files {
		if err := file.read(func(text io.Reader) error { return all.Add(header(file, mtime), text) }); err != nil {
			return content.Layer{}, err
		}
	}
	return all.Layer, nil
}
