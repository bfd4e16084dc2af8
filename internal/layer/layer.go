// Package layer makes image layers from files. The same files give the same bytes on every machine: a canonical tar
// (tar.go), compressed by a gzip whose version is pinned.
package layer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
)

// compressor names what turns a tar into a blob. It is part of the cache's key, because another version may give other bytes.
const compressor = "github.com/klauspost/compress@v1.20.3 gzip -9"

// Layer is a finished layer with the name it has in the image's history and in the size record.
type Layer struct {
	v1.Layer
	Name       string
	DockerSize int64 // bytes of regular files (a hard link once) and of symlink targets, as Docker's classic stores count
}

// New makes a layer of files that all have one modification time. The compressed form is kept in store.
func New(name string, files []File, mtime time.Time, store cache.Dir) (Layer, error) {
	files, err := canonical(files)
	if err != nil {
		return Layer{}, fmt.Errorf("layer %s: %w", name, err)
	}
	sum := sha256.New()
	if err := writeTar(sum, files, mtime); err != nil {
		return Layer{}, fmt.Errorf("layer %s: %w", name, err)
	}
	diffID := digest(sum)
	content, err := store.Do("layer", cache.Key(compressor, diffID.Hex), func() ([]byte, error) {
		return compress(files, mtime)
	})
	if err != nil {
		return Layer{}, fmt.Errorf("layer %s: %w", name, err)
	}
	sum = sha256.New()
	sum.Write(content)
	return Layer{Layer: &blob{content: content, digest: digest(sum), diffID: diffID}, Name: name, DockerSize: dockerSize(files)}, nil
}

// compress returns the gzipped tar. The header of gzip tells no name, no time and no operating system.
func compress(files []File, mtime time.Time) ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	zip.ModTime = time.Unix(0, 0) // the zero Time is not 0 in the header
	if err := writeTar(zip, files, mtime); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func dockerSize(files []File) int64 {
	var size int64
	for _, file := range files {
		switch {
		case file.isSymlink():
			size += int64(len(file.Link))
		case file.Mode.IsRegular() && file.Link == "":
			size += file.Size
		}
	}
	return size
}

func digest(sum hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
}

// blob is a layer as it is stored and sent: gzipped, in memory.
type blob struct {
	content        []byte
	digest, diffID v1.Hash
}

func (b *blob) Digest() (v1.Hash, error)            { return b.digest, nil }
func (b *blob) DiffID() (v1.Hash, error)            { return b.diffID, nil }
func (b *blob) Size() (int64, error)                { return int64(len(b.content)), nil }
func (b *blob) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
func (b *blob) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b.content)), nil
}
func (b *blob) Uncompressed() (io.ReadCloser, error) {
	return gzip.NewReader(bytes.NewReader(b.content))
}
