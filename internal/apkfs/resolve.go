package apkfs

import (
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
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// releasePackage says which release an image is of. Copies of a mirror that were cut down may lack it; what it would
// say is then written by [Source.Install].
const releasePackage = "alpine-release"

// Resolve finds the packages of a world, with all that they need, as the mirror has them now. They are sorted by layer
// and name, and have no SHA-256 yet. What the same indexes gave before is taken from the cache.
func (s *Source) Resolve(ctx context.Context, w World) ([]images.Pin, error) {
	const state = "the index is asked for anew every time, and no lock says which packages are wanted"
	fetched, err := s.fetchIndexes(ctx, w)
	if err != nil {
		return nil, s.ways(err, state)
	}
	key, err := s.resolveKey(w, fetched)
	if err != nil {
		return nil, err
	}
	text, err := s.store.Do("resolved", key, func() ([]byte, error) {
		indexes, err := s.allIndexes(ctx, w)
		if err != nil {
			return nil, s.ways(err, state)
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

// resolveKey stands for all that the packages of a world depend on: the world, every byte of the indexes, and the keys
// that may have signed them, for it is also kept that one did.
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

// resolveIn finds the packages of a world in indexes. What the mirror lacks is told where that may be why something is
// not found.
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
		// What the layers up to this one need is what this layer adds.
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

// keepOrder writes the order of installation into pins when it is another one than the packages alone would have: an
// install_if of a version that is not installed counts for apk, too.
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

// wanted returns what is wanted of each layer. The release is left out where there is none.
func (w World) wanted(has func(name string) bool) [][]string {
	var wanted [][]string
	for _, l := range w.Layers {
		wanted = append(wanted, slices.DeleteFunc(slices.Clone(l.Packages), func(name string) bool {
			return name == releasePackage && !has(name)
		}))
	}
	return wanted
}

// list is what the indexes offer.
type list struct {
	packages []*solver.Package
	sizes    map[*solver.Package]int64 // of the files in the repository, in bytes
	names    map[string][]*solver.Package
	offered  map[string]bool // what is provided under another name
}

func newList(indexes []*index) *list {
	l := &list{sizes: map[*solver.Package]int64{}, names: map[string][]*solver.Package{}, offered: map[string]bool{}}
	for place, found := range indexes {
		for _, p := range found.Packages() {
			q := &solver.Package{
				Name: p.Name, Version: p.Version, Checksum: p.ChecksumString(), Repository: place,
				Depends: p.Dependencies, Provides: p.Provides, InstallIf: p.InstallIf, Priority: int(p.ProviderPriority),
			}
			l.packages = append(l.packages, q)
			l.sizes[q] = int64(p.Size)
			l.names[p.Name] = append(l.names[p.Name], q)
			for _, text := range p.Provides {
				provided, _ := solver.Parse(text)
				l.offered[provided.Name] = true
			}
		}
	}
	return l
}

func (l *list) has(name string) bool { return len(l.names[name]) > 0 || l.offered[name] }

// check tells what is wrong with one thing that is wanted, before all are looked at together.
func (l *list) check(w World, wanted string) error {
	term, ok := solver.Parse(wanted)
	switch {
	case !ok:
		return fmt.Errorf("package %q: it is neither NAME nor NAME with one of = < <= > >= ~ and a version", wanted)
	case term.Tag != "":
		return fmt.Errorf("package %q: no repository has the tag @%s; the repositories are %s", wanted, term.Tag, strings.Join(repositories(), " and "))
	case term.Conflict:
		return nil
	case !l.has(term.Name):
		text := fmt.Sprintf("no package %q in Alpine %s for %s", term.Name, w.Release, w.arch())
		if near := suggest.Words(term.Name, slices.Sorted(maps.Keys(l.names)), 3); len(near) > 0 {
			text += "; the nearest names are " + strings.Join(near, ", ")
		}
		return errors.New(text)
	case l.offered[term.Name]:
		return nil
	}
	for _, p := range l.names[term.Name] {
		if term.Fits(p.Version, p.Checksum) {
			return nil
		}
	}
	var versions []string
	for _, p := range l.names[term.Name] {
		versions = append(versions, p.Version)
	}
	return fmt.Errorf("no package %s in Alpine %s for %s; its version there is %s", wanted, w.Release, w.arch(), strings.Join(versions, ", "))
}
