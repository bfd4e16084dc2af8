package content

import (
	"archive/tar"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
)

// kind is the kind of the entries in the cache. format is raised when the same layer is described in another way.
const (
	kind   = "content"
	format = "content 3"
)

// Of returns the content of a layer.
func Of(l v1.Layer, store cache.Dir) (Layer, error) {
	digest, err := l.Digest()
	if err != nil {
		return Layer{}, err
	}
	if known, ok := store.Remembered(kind, key(digest)); ok {
		return known.(Layer), nil
	}
	if text, ok := store.Last(kind, key(digest)); ok {
		var known Layer
		if err := json.Unmarshal(text, &known); err == nil && known.Digest == digest {
			store.Remember(kind, key(digest), known)
			return known, nil
		}
	}
	stored, err := l.Compressed()
	if err != nil {
		return Layer{}, err
	}
	found, err := Scan(stored)
	if err == nil && found.Digest != digest {
		err = fmt.Errorf("its content has the digest %s, and it is called %s", found.Digest, digest)
	}
	if err == nil {
		err = Keep(store, found)
	}
	return found, errors.Join(err, stored.Close())
}

// Keep keeps the description of a layer, for [Of].
func Keep(store cache.Dir, found Layer) error {
	text, err := json.Marshal(found)
	if err != nil {
		return err
	}
	store.Remember(kind, key(found.Digest), found)
	return store.Replace(kind, key(found.Digest), text)
}

func key(digest v1.Hash) string { return cache.Key(format, digest.String()) }

// Image describes the content of an image.
type Image struct {
	Names  []string          // of its layers, as [Names] returns them
	Layers []Layer           // the lowest first
	Files  []File            // the regular files that no upper layer hides, by path
	Texts  map[string][]byte // likewise
}

// File is a regular file that is seen in an image.
type File struct {
	Entry
	Layer int // the place of its layer, 0 for the lowest
}

// Read looks into every layer of an image, whose config must name these layers.
func Read(img v1.Image, store cache.Dir) (Image, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return Image{}, err
	}
	layers, err := img.Layers()
	if err != nil {
		return Image{}, err
	}
	ids := config.RootFS.DiffIDs
	if len(ids) != len(layers) {
		return Image{}, fmt.Errorf("the config names %d layers, and the manifest %d", len(ids), len(layers))
	}
	found := Image{Names: Names(layers, config.History), Texts: map[string][]byte{}}
	files := map[string]File{}
	for place, l := range layers {
		one, err := Of(l, store)
		if err == nil && one.DiffID != ids[place] {
			err = fmt.Errorf("its content has the digest %s, and the config says %s", one.DiffID, ids[place])
		}
		if err != nil {
			return Image{}, fmt.Errorf("look into layer %s: %w", found.Names[place], err)
		}
		found.Layers = append(found.Layers, one)
		cover := coverOf(one)
		maps.DeleteFunc(files, func(path string, _ File) bool { return cover.hides(path) })
		maps.DeleteFunc(found.Texts, func(path string, _ []byte) bool { return cover.hides(path) })
		maps.Copy(found.Texts, one.Texts)
		for _, entry := range one.Entries {
			delete(files, entry.Path) // an archive may have a path twice
			if entry.Type == tar.TypeReg && !IsWhiteout(entry.Path) {
				files[entry.Path] = File{entry, place}
			}
		}
	}
	found.Files = slices.SortedFunc(maps.Values(files), func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return found, nil
}
