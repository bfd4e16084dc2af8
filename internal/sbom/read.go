package sbom

import (
	"archive/tar"
	"bytes"
	"crypto/sha1" // #nosec: SPDX identifies files by it
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// What an image says of itself, in files of Alpine.
const (
	databasePath  = "lib/apk/db/installed"
	worldPath     = "etc/apk/world"
	osReleasePath = "etc/os-release"
	rootsPath     = "etc/ssl/certs/ca-certificates.crt"
)

// file is a regular file of an image.
type file struct {
	Path         string               // without a leading slash
	SHA1, SHA256 string               // in hexadecimal
	Program      *buildinfo.BuildInfo `json:",omitempty"` // of a Go program, else nil
	layer        int                  // the place of the layer that it is in, 0 for the lowest
}

// content is what one layer has.
type content struct {
	Files []file
	Texts map[string][]byte // content of the files that are read, by path
	Cover layer.Cover       // what it hides of lower layers
	name  string
}

// found is what an image has.
type found struct {
	layers []content         // the lowest first
	files  []file            // that no upper layer hides, by path
	texts  map[string][]byte // likewise
}

// format is the version of what the cache keeps of a layer. It is raised when the same layer is read in another way.
const format = "sbom 2"

// reader reads each layer once, also where several images have it, and keeps what it found in a cache by the layer's diff
// ID, which stands for every byte of it.
type reader struct {
	layers map[v1.Hash]content
	store  cache.Dir
}

// read looks at every file of an image that is seen in it: what an upper layer replaces or removes is not.
func (r *reader) read(img v1.Image, config *v1.ConfigFile) (found, error) {
	layers, err := img.Layers()
	if err != nil {
		return found{}, err
	}
	names := sizes.LayerNames(config.History, len(layers))
	whole := found{texts: map[string][]byte{}}
	files := map[string]file{}
	for place, l := range layers {
		one, err := r.layer(l)
		if err != nil {
			return found{}, fmt.Errorf("layer %s: %w", names[place], err)
		}
		one.name = names[place]
		maps.DeleteFunc(files, func(path string, _ file) bool { return one.Cover.Hides(path) })
		maps.DeleteFunc(whole.texts, func(path string, _ []byte) bool { return one.Cover.Hides(path) })
		for _, f := range one.Files {
			f.layer = place
			files[f.Path] = f
		}
		maps.Copy(whole.texts, one.Texts)
		whole.layers = append(whole.layers, one)
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		whole.files = append(whole.files, files[path])
	}
	return whole, nil
}

func (r *reader) layer(l v1.Layer) (one content, err error) {
	id, err := l.DiffID()
	if err != nil {
		return content{}, err
	}
	if known, ok := r.layers[id]; ok {
		return known, nil
	}
	text, err := r.store.Do("sbom-layer", cache.Key(format, id.String()), func() ([]byte, error) {
		one, err := unpack(l)
		if err != nil {
			return nil, err
		}
		return json.Marshal(one)
	})
	if err != nil {
		return content{}, err
	}
	if err := json.Unmarshal(text, &one); err != nil {
		return content{}, err
	}
	r.layers[id] = one
	return one, nil
}

// unpack looks at every file of a layer.
func unpack(l v1.Layer) (one content, err error) {
	stream, err := l.Uncompressed()
	if err != nil {
		return content{}, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	one.Texts, one.Cover = map[string][]byte{}, layer.Cover{}
	for entries := tar.NewReader(stream); ; {
		header, err := entries.Next()
		if err == io.EOF {
			return one, nil
		}
		if err != nil {
			return content{}, err
		}
		if !one.Cover.Add(header) || header.Typeflag != tar.TypeReg {
			continue // a link is another name of a file that is listed
		}
		f, text, err := look(header, entries)
		if err != nil {
			return content{}, fmt.Errorf("%s: %w", header.Name, err)
		}
		one.Files = append(one.Files, f)
		if text != nil {
			one.Texts[f.Path] = text
		}
	}
}

// look reads a file. It returns the content of those that say what is installed. Only these and programs are held in
// memory, one at a time.
func look(header *tar.Header, from io.Reader) (f file, text []byte, err error) {
	f.Path = layer.CleanName(header.Name)
	sum1, sum256 := sha1.New(), sha256.New()
	from = io.TeeReader(from, io.MultiWriter(sum1, sum256))
	start := make([]byte, min(header.Size, int64(len(elf.ELFMAG))))
	if _, err := io.ReadFull(from, start); err != nil {
		return file{}, nil, err
	}
	switch {
	case string(start) == elf.ELFMAG:
		program, err := readAll(start, from, header.Size)
		if err != nil {
			return file{}, nil, err
		}
		f.Program, _ = buildinfo.Read(bytes.NewReader(program)) // the error is that it is no Go program
	case slices.Contains([]string{databasePath, worldPath, osReleasePath}, f.Path):
		if text, err = readAll(start, from, header.Size); err != nil {
			return file{}, nil, err
		}
	default:
		if _, err := io.Copy(io.Discard, from); err != nil {
			return file{}, nil, err
		}
	}
	f.SHA1, f.SHA256 = hex.EncodeToString(sum1.Sum(nil)), hex.EncodeToString(sum256.Sum(nil))
	return f, text, nil
}

// readAll returns the start of a file and what follows it.
func readAll(start []byte, rest io.Reader, size int64) ([]byte, error) {
	all := make([]byte, size)
	_, err := io.ReadFull(rest, all[copy(all, start):])
	return all, err
}
