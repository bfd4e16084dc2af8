package inspect

import (
	"archive/tar"
	"cmp"
	"crypto/sha256"
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
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// largest is how many files are told.
const largest = 20

// Contents looks into every layer of an image. What it finds in a layer is kept in store.
func Contents(img v1.Image, store cache.Dir) (sizes.Contents, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return sizes.Contents{}, err
	}
	layers, err := img.Layers()
	if err != nil {
		return sizes.Contents{}, err
	}
	if len(config.RootFS.DiffIDs) != len(layers) {
		return sizes.Contents{}, fmt.Errorf("the config names %d layers, and the manifest %d", len(config.RootFS.DiffIDs), len(layers))
	}
	found := found{files: map[string]sizes.File{}}
	names := sizes.LayerNames(config.History, len(layers))
	for i, l := range layers {
		one, err := content(l, config.RootFS.DiffIDs[i], store)
		if err != nil {
			return sizes.Contents{}, fmt.Errorf("look into layer %s: %w", names[i], err)
		}
		found.add(names[i], one)
	}
	return found.contents()
}

// layerContent is what a layer has, as it is kept.
type layerContent struct {
	Files    []file
	Cover    layer.Cover // what it hides of lower layers
	Database []byte      // of apk, or nil
}

// file is a regular file of a layer.
type file struct {
	Path string // without a leading slash
	Size int64
}

// content returns what a layer has, whose id the image's config says: a layer of a folder that is asked for its id unpacks
// itself to find out. What is kept is that of the id all the same, for what is read is held against it.
func content(l v1.Layer, id v1.Hash, store cache.Dir) (one layerContent, err error) {
	text, err := store.Do("contents", cache.Key("2", id.String()), func() ([]byte, error) {
		read, err := read(l, id)
		if err != nil {
			return nil, err
		}
		return json.Marshal(read)
	})
	if err != nil {
		return layerContent{}, err
	}
	return one, json.Unmarshal(text, &one)
}

func read(l v1.Layer, id v1.Hash) (one layerContent, err error) {
	stream, err := l.Uncompressed()
	if err != nil {
		return layerContent{}, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	one.Cover = layer.Cover{}
	sum := sha256.New()
	archive := io.TeeReader(stream, sum)
	for entries := tar.NewReader(archive); ; {
		header, err := entries.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return layerContent{}, err
		}
		if !one.Cover.Add(header) || header.Typeflag != tar.TypeReg {
			continue
		}
		f := file{layer.CleanName(header.Name), header.Size}
		one.Files = append(one.Files, f)
		if f.Path == sbom.DatabasePath {
			if one.Database, err = io.ReadAll(entries); err != nil {
				return layerContent{}, err
			}
		}
	}
	if _, err := io.Copy(io.Discard, archive); err != nil { // what stands after the end of the archive
		return layerContent{}, err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != id.Hex {
		return layerContent{}, fmt.Errorf("its content has the digest sha256:%s, and the config says %s", got, id)
	}
	return one, nil
}

// found is what the layers have so far.
type found struct {
	files    map[string]sizes.File // by path; those that no upper layer hides
	database []byte                // of the uppermost layer that has one
}

func (f *found) add(name string, one layerContent) {
	maps.DeleteFunc(f.files, func(path string, _ sizes.File) bool { return one.Cover.Hides(path) })
	if one.Cover.Hides(sbom.DatabasePath) {
		f.database = one.Database
	}
	for _, at := range one.Files {
		f.files[at.Path] = sizes.File{Path: at.Path, Layer: name, Size: at.Size}
	}
}

// contents adds up what each package has, and picks the largest files.
func (f *found) contents() (sizes.Contents, error) {
	installed, err := sbom.ReadInstalled(f.database)
	if err != nil {
		return sizes.Contents{}, err
	}
	var all sizes.Contents
	for _, p := range installed {
		row := sizes.Package{Name: p.Name, Version: p.Version}
		for _, path := range p.Files {
			file, ok := f.files[path]
			if !ok || file.Package != "" {
				continue
			}
			file.Package = p.Name
			f.files[path] = file
			row.DockerSize += file.Size
		}
		all.Packages = append(all.Packages, row)
	}
	slices.SortFunc(all.Packages, func(a, b sizes.Package) int {
		return cmp.Or(cmp.Compare(b.DockerSize, a.DockerSize), cmp.Compare(a.Name, b.Name))
	})
	all.Files = slices.SortedFunc(maps.Values(f.files), func(a, b sizes.File) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Path, b.Path))
	})
	all.Files = all.Files[:min(len(all.Files), largest)]
	return all, nil
}
