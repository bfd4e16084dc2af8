package apkfs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/solver"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
)

// ErrNoPackage is of a package, or of a version, that the mirror does not have for an architecture.
var ErrNoPackage = errors.New("no package")

// releasePackage names the release of an image. A partial mirror may lack it; [Source.Install] then writes its file.
const releasePackage = "alpine-release"

// Resolve returns the packages of a world and their dependencies, as the mirror has them now, sorted by layer and name,
// without SHA-256. A result for the same indexes is taken from the cache.
func (s *Source) Resolve(ctx context.Context, w World) ([]images.Pin, error) {
	const state = "without a lock, every build needs the index"
	fetched, err := s.fetchIndexes(ctx, w)
	if err != nil {
		return nil, s.mirrorError(err, state)
	}
	key, err := s.resolveKey(w, fetched)
	if err != nil {
		return nil, err
	}
	text, err := s.store.Do("resolved", key, func() ([]byte, error) {
		indexes, err := s.allIndexes(ctx, w)
		if err != nil {
			return nil, s.mirrorError(err, state)
		}
		pins, err := resolveIn(w, indexes, s.lacking(w))
		if err != nil {
			return nil, err
		}
		return json.Marshal(pins)
	})
	if err != nil {
		return nil, err
	}
	var pins []images.Pin
	return pins, json.Unmarshal(text, &pins)
}

// ResolveKeeping is [Source.Resolve], with some packages as they were before, by name, where the mirror still has them.
func (s *Source) ResolveKeeping(ctx context.Context, w World, kept map[string]images.Pin) ([]images.Pin, error) {
	indexes, err := s.allIndexes(ctx, w)
	if err != nil {
		return nil, s.mirrorError(err, "a lock is made from the index")
	}
	return resolveIn(w, keeping(indexes, kept), s.lacking(w))
}

// keeping returns indexes without other versions of packages that are kept.
func keeping(indexes []*index, kept map[string]images.Pin) []*index {
	there := map[string]bool{}
	is := func(p record) bool {
		pin, ok := kept[p.Name]
		return ok && pin.Version == p.Version && pin.Checksum == p.ChecksumString()
	}
	for _, one := range indexes {
		for _, p := range one.packages {
			there[p.Name] = there[p.Name] || is(p)
		}
	}
	var less []*index
	for _, one := range indexes {
		copied := *one
		copied.packages = slices.DeleteFunc(slices.Clone(one.packages), func(p record) bool { return there[p.Name] && !is(p) })
		less = append(less, &copied)
	}
	return less
}

// Listed is a package as the mirror lists it.
type Listed struct {
	Version, Checksum string
	Repository        string // main or community
	Origin            string // the package whose source it is built from
}

// List returns all packages of the mirror by their names.
func (s *Source) List(ctx context.Context, w World) (map[string][]Listed, error) {
	indexes, err := s.allIndexes(ctx, w)
	if err != nil {
		return nil, s.mirrorError(err, "what moved is seen in the index")
	}
	all := map[string][]Listed{}
	for _, one := range indexes {
		for _, p := range one.packages {
			all[p.Name] = append(all[p.Name], Listed{p.Version, p.ChecksumString(), one.repository, cmp.Or(p.Origin, p.Name)})
		}
	}
	return all, nil
}

// resolveKey returns a key for everything that the result depends on: the world, every byte of the indexes, and the
// trusted keys, since the result also says which key signed an index.
func (s *Source) resolveKey(w World, indexes []*opened) (string, error) {
	trusted, err := s.trusted(w.arch())
	if err != nil {
		return "", err
	}
	world, err := json.Marshal(w)
	if err != nil {
		return "", err
	}
	parts := []string{Format, string(world)}
	for _, one := range indexes {
		parts = append(parts, one.repository, one.sum)
	}
	for _, name := range slices.Sorted(maps.Keys(trusted)) {
		parts = append(parts, name, string(trusted[name]))
	}
	return cache.Key(parts...), nil
}

// resolveIn resolves a world in indexes. Errors end in lacking if a missing repository may be the reason.
func resolveIn(w World, indexes []*index, lacking string) ([]images.Pin, error) {
	list := newList(indexes)
	wanted := w.wanted(list.has)
	for _, name := range slices.Concat(wanted...) {
		if err := list.check(w, name); err != nil {
			return nil, fmt.Errorf("%w%s", err, lacking)
		}
	}
	solution, err := solver.Solve(list.packages, slices.Concat(wanted...))
	if err != nil {
		return nil, fmt.Errorf("resolve %s for %s: %w%s", strings.Join(slices.Concat(wanted...), " "), w.arch(), err, lacking)
	}
	var pins []images.Pin
	known := map[string]bool{}
	for i, l := range w.Layers {
		// This layer adds the packages that the layers up to it need and lower ones have not.
		for _, p := range solution.Needed(slices.Concat(wanted[:i+1]...)) {
			if known[p.Name] {
				continue
			}
			known[p.Name] = true
			repository := indexes[p.Repository]
			pins = append(pins, images.Pin{
				Name: p.Name, Version: p.Version, Layer: l.Name, Repository: repository.repository,
				Size: list.sizes[p], Checksum: p.Checksum, Signer: repository.signer,
			})
		}
	}
	images.SortPins(pins, w.Wanted())
	keepOrder(pins, solution.Packages, slices.Concat(wanted...))
	return pins, nil
}

// keepOrder writes the order of installation into the pins if the packages alone would give another order: for apk, an
// install_if of a version that is not installed counts, too.
func keepOrder(pins []images.Pin, ordered []*solver.Package, wanted []string) {
	alone, _ := solver.Solve(inPins(pins, ordered), wanted)
	if slices.Equal(alone.Packages, ordered) {
		return
	}
	for i, pin := range pins {
		pins[i].Order = 1 + slices.IndexFunc(ordered, func(p *solver.Package) bool { return p.Name == pin.Name })
	}
}

// inPins returns the packages in the order of their pins.
func inPins(pins []images.Pin, packages []*solver.Package) []*solver.Package {
	var found []*solver.Package
	for _, pin := range pins {
		found = append(found, packages[slices.IndexFunc(packages, func(p *solver.Package) bool { return p.Name == pin.Name })])
	}
	return found
}

// wanted returns the packages wanted in each layer, without the release package if there is none.
func (w World) wanted(has func(name string) bool) [][]string {
	var wanted [][]string
	for _, l := range w.Layers {
		wanted = append(wanted, slices.DeleteFunc(slices.Clone(l.Packages), func(name string) bool {
			return name == releasePackage && !has(name)
		}))
	}
	return wanted
}
