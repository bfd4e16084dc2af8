package apkfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"chainguard.dev/apko/pkg/apk/apk"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/nearest"
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
		pins, err := resolveIn(ctx, w, indexes)
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

// resolveIn finds the packages of a world in indexes.
func resolveIn(ctx context.Context, w World, indexes []*index) ([]images.Pin, error) {
	list := newList(indexes)
	var wanted []string
	layerOf := map[string]string{}
	var found []*apk.RepositoryPackage
	var err error
	for _, l := range w.Layers {
		for _, name := range l.Packages {
			if name == releasePackage && !list.has(name) {
				continue
			}
			if err := list.check(w, name); err != nil {
				return nil, err
			}
			wanted = append(wanted, name)
		}
		// What the layers up to this one need is what this layer adds. The last round is the whole world.
		if found, err = list.resolve(ctx, wanted); err != nil {
			return nil, fmt.Errorf("resolve %s for %s: %w", strings.Join(l.Packages, " "), w.arch(), err)
		}
		for _, p := range found {
			if layerOf[p.Name] == "" {
				layerOf[p.Name] = l.Name
			}
		}
	}
	var pins []images.Pin
	for _, p := range found {
		repository := path.Base(path.Dir(p.Repository().URI))
		pins = append(pins, images.Pin{
			Name: p.Name, Version: p.Version, Layer: layerOf[p.Name], Repository: repository,
			Size: int64(p.Size), Checksum: p.ChecksumString(), Signer: list.signer[repository],
		})
	}
	images.SortPins(pins, w.Wanted())
	return pins, nil
}

// list is what the indexes offer.
type list struct {
	indexes []apk.NamedIndex
	signer  map[string]string          // repository -> key
	names   map[string][]string        // package -> versions
	offered map[string]map[string]bool // what is provided -> by which packages
}

func newList(indexes []*index) *list {
	l := &list{signer: map[string]string{}, names: map[string][]string{}, offered: map[string]map[string]bool{}}
	for _, found := range indexes {
		l.indexes = append(l.indexes, found.NamedIndex)
		l.signer[found.repository] = found.signer
		for _, p := range found.Packages() {
			l.names[p.Name] = append(l.names[p.Name], p.Version)
			for _, provided := range p.Provides {
				name := apk.ResolvePackageNameVersionPin(provided).Name
				if l.offered[name] == nil {
					l.offered[name] = map[string]bool{}
				}
				l.offered[name][p.Name] = true
			}
		}
	}
	return l
}

func (l *list) has(name string) bool { return len(l.names[name]) > 0 || len(l.offered[name]) > 0 }

// check tells whether there is a package of that name, in that version.
func (l *list) check(w World, wanted string) error {
	constraint := apk.ResolvePackageNameVersionPin(wanted)
	name := constraint.Name
	if !l.has(name) {
		text := fmt.Sprintf("no package %q in Alpine %s for %s", name, w.Release, w.arch())
		var names []string
		for other := range l.names {
			names = append(names, other)
		}
		if near := nearest.Words(name, names, 3); len(near) > 0 {
			text += "; the nearest names are " + strings.Join(near, ", ")
		}
		return errors.New(text)
	}
	for _, version := range l.names[name] {
		parsed, err := apk.ParseVersion(version)
		if err != nil {
			continue
		}
		if ok, err := constraint.SatisfiedBy(parsed); err == nil && ok {
			return nil
		}
	}
	if len(l.names[name]) > 0 && len(l.offered[name]) == 0 {
		return fmt.Errorf("no package %s in Alpine %s for %s; its version there is %s", wanted, w.Release, w.arch(), strings.Join(l.names[name], ", "))
	}
	return nil
}

// resolve returns the packages that the wanted ones need, themselves among them.
func (l *list) resolve(ctx context.Context, wanted []string) ([]*apk.RepositoryPackage, error) {
	resolver := apk.NewPkgResolver(silent(ctx), l.indexes)
	found, conflicts, err := resolver.GetPackagesWithDependencies(silent(ctx), wanted, map[string][]apk.NamedIndex{})
	if err != nil {
		return nil, errors.New(explain(err) + l.blame(err))
	}
	for _, p := range found {
		for _, conflict := range conflicts {
			if constraint := apk.ResolvePackageNameVersionPin(strings.TrimPrefix(conflict, "!")); constraint.Name == p.Name {
				return nil, fmt.Errorf("%s conflicts with another package that is wanted", p.Name)
			}
		}
	}
	return found, nil
}

// explain tells in one line which package wants what, from the outermost to the one that cannot be had.
func explain(err error) string {
	var steps []string
	for err != nil {
		var constraint *apk.ConstraintError
		var dependency *apk.DepError
		switch {
		case errors.As(err, &constraint) && (!errors.As(err, &dependency) || within(constraint, dependency)):
			steps, err = append(steps, "wants "+constraint.Constraint), constraint.Wrapped
		case errors.As(err, &dependency):
			steps, err = append(steps, "for "+dependency.Package.Name+"-"+dependency.Package.Version), dependency.Wrapped
		default:
			text := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", ";")), " ")
			return strings.Join(slices.Compact(append(steps, text)), ": ")
		}
	}
	return strings.Join(slices.Compact(steps), ": ")
}

// blame names the packages that want another one not to be there, where that is why it cannot be had.
func (l *list) blame(err error) string {
	_, unwanted, excluded := strings.Cut(err.Error(), "excluded by ")
	if !excluded {
		return ""
	}
	unwanted, _, _ = strings.Cut(unwanted, "\n")
	var names []string
	for _, offered := range l.indexes {
		for _, p := range offered.Packages() {
			if slices.Contains(p.Dependencies, unwanted) {
				names = append(names, p.Name+"-"+p.Version)
			}
		}
	}
	return fmt.Sprintf(" (%s is what %s wants)", unwanted, strings.Join(names, ", "))
}

// within reports whether inner is somewhere in what outer wraps.
func within(outer *apk.ConstraintError, inner *apk.DepError) bool {
	var found *apk.DepError
	return errors.As(outer.Wrapped, &found) && found == inner
}
