package layer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/blockgzip"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
)

// format is the version of the way from files to a layer, and of the facts that are kept. It is raised when the same
// files give other bytes, so that entries of another mkimage are not used.
const format = "layer 2"

// The kinds of entries in the cache.
const (
	blobKind   = "layer"        // the compressed bytes, by blockgzip.Name and diff ID
	recordKind = "layer-record" // facts, by the inputs of the layers
)

// Maker makes layers whose files all have one modification time. It may be used from several goroutines.
type Maker struct {
	mtime   time.Time
	store   cache.Dir
	zips    *blockgzip.Pool
	flights singleflight.Group
}

// NewMaker returns a maker that keeps layers and facts in store.
func NewMaker(mtime time.Time, store cache.Dir) *Maker {
	return &Maker{mtime: mtime, store: store, zips: blockgzip.NewPool(runtime.GOMAXPROCS(0))}
}

// Recipe says how layers that are made together are made, the lowest first.
type Recipe struct {
	Key   string                                    // stands for everything that the files depend on; of [cache.Key]
	Parts func(ctx context.Context) ([]Part, error) // the files; called only when the layers are not known, or their bytes are lost
}

// Part is a layer before it is made. One without a file is left out.
type Part struct {
	Name  string
	Files []File
}

// New makes a layer of files that are at hand.
func (m *Maker) New(ctx context.Context, name string, files []File) (Layer, error) {
	sum, _, err := describe(files, time.Unix(0, 0))
	if err != nil {
		return Layer{}, fmt.Errorf("layer %s: %w", name, err)
	}
	layers, err := m.Make(ctx, Recipe{Key: cache.Key(name, sum.DiffID.String()), Parts: func(context.Context) ([]Part, error) {
		return []Part{{name, files}}, nil
	}})
	if err != nil {
		return Layer{}, err
	}
	if len(layers) == 0 {
		return Layer{}, fmt.Errorf("layer %s: it has no files", name)
	}
	return layers[0], nil
}

// Make returns the layers of a recipe. Layers in the cache are not made, and their bytes are not read.
func (m *Maker) Make(ctx context.Context, recipe Recipe) ([]Layer, error) {
	key := m.key(recipe)
	found, err := m.once(ctx, key, func() ([]made, error) {
		if known, ok := m.known(key); ok {
			return known, nil
		}
		return m.produce(ctx, key, recipe)
	})
	if err != nil {
		return nil, err
	}
	var layers []Layer
	for i, one := range found {
		layers = append(layers, one.facts.layer(func() (io.ReadCloser, error) {
			if stored, ok := m.open(one); ok {
				return stored, nil
			}
			return m.restore(ctx, key, recipe, i, one.facts)
		}))
	}
	return layers, nil
}

func (m *Maker) key(recipe Recipe) string {
	return cache.Key(format, blockgzip.Name, strconv.FormatInt(m.mtime.Unix(), 10), recipe.Key)
}

// made is a layer that is kept, or whose bytes are here where nothing is kept.
type made struct {
	facts
	bytes []byte
}

func (m *Maker) open(one made) (io.ReadCloser, bool) {
	if one.bytes != nil {
		return io.NopCloser(bytes.NewReader(one.bytes)), true
	}
	return m.store.Reader(blobKind, blobKey(one.DiffID))
}

func blobKey(diffID v1.Hash) string { return cache.Key(blockgzip.Name, diffID.Hex) }

// once lets those who want the same at the same time wait for the first of them, which may have been told to stop.
func (m *Maker) once(ctx context.Context, key string, do func() ([]made, error)) ([]made, error) {
	for {
		found, err, shared := m.flights.Do(key, func() (any, error) { return do() })
		if err == nil {
			return found.([]made), nil
		}
		if !shared || ctx.Err() != nil || !errors.Is(err, context.Canceled) {
			return nil, err
		}
	}
}

// known returns the layers of a recipe that the cache has, with their bytes, as far as that shows without reading them.
func (m *Maker) known(key string) ([]made, bool) {
	text, ok := m.store.Last(recordKind, key)
	var kept []facts
	if !ok || json.Unmarshal(text, &kept) != nil {
		return nil, false
	}
	var known []made
	for _, one := range kept {
		if entry, ok := m.store.Look(blobKind, blobKey(one.DiffID)); !ok || entry.SHA256 != one.Digest.Hex || entry.Size != one.Size {
			return nil, false
		}
		known = append(known, made{facts: one})
	}
	return known, true
}

// produce makes the layers of a recipe and keeps their facts.
func (m *Maker) produce(ctx context.Context, key string, recipe Recipe) ([]made, error) {
	parts, err := recipe.Parts(ctx)
	if err != nil {
		return nil, err
	}
	var all []made
	kept := []facts{} // none is something to keep too
	for _, part := range parts {
		if len(part.Files) == 0 {
			continue
		}
		one, err := m.make(part)
		if err != nil {
			return nil, fmt.Errorf("layer %s: %w", part.Name, err)
		}
		all, kept = append(all, one), append(kept, one.facts)
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	return all, m.store.Replace(recordKind, key, text)
}

// restore makes a layer again whose bytes were lost after they were known.
func (m *Maker) restore(ctx context.Context, key string, recipe Recipe, place int, want facts) (io.ReadCloser, error) {
	// This flight has a key of its own: a flight of Make may be about to return the lost entry.
	again, err := m.once(ctx, "restore "+key, func() ([]made, error) { return m.produce(ctx, key, recipe) })
	if err != nil {
		return nil, fmt.Errorf("layer %s was lost from the cache: make it again: %w", want.Name, err)
	}
	if place >= len(again) || again[place].Digest != want.Digest {
		return nil, fmt.Errorf("layer %s was lost from the cache, and has become another one: build again", want.Name)
	}
	stored, ok := m.open(again[place])
	if !ok {
		return nil, fmt.Errorf("layer %s was lost from the cache, twice; choose another folder with --cache-dir or $MKIMAGE_CACHE_DIR", want.Name)
	}
	return stored, nil
}

// make makes one layer, unless its bytes are kept and intact.
func (m *Maker) make(part Part) (made, error) {
	facts, checksum, err := describe(part.Files, m.mtime)
	if err != nil {
		return made{}, err
	}
	facts.Name = part.Name
	one := made{facts: facts}
	stored, kept := m.store.Reader(blobKind, blobKey(facts.DiffID))
	if kept {
		entry, _ := m.store.Look(blobKind, blobKey(facts.DiffID))
		one.describe(entry)
		return one, stored.Close()
	}
	var found content.Layer
	var listing errgroup.Group // while it is compressed
	listing.Go(func() (err error) {
		found, err = listContent(part.Files, m.mtime)
		return err
	})
	var memory bytes.Buffer
	entry, err := m.store.Put(blobKind, blobKey(facts.DiffID), func(w io.Writer) error {
		if !m.store.Keeps() {
			w = io.MultiWriter(w, &memory)
		}
		return m.compress(w, part.Files, checksum)
	})
	if err = cmp.Or(err, listing.Wait()); err != nil {
		return made{}, err
	}
	one.describe(entry)
	if !m.store.Keeps() {
		one.bytes = memory.Bytes()
	}
	found.Digest, found.DiffID, found.TarSize = one.Digest, one.DiffID, one.TarSize
	return one, content.Keep(m.store, found)
}

func (o *made) describe(entry cache.Entry) {
	o.Digest, o.Size = v1.Hash{Algorithm: "sha256", Hex: entry.SHA256}, entry.Size
}
