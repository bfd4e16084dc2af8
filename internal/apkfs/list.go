package apkfs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/solver"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// list is the content of the indexes.
type list struct {
	packages []*solver.Package
	sizes    map[*solver.Package]int64 // of the files in the repository, in bytes
	names    map[string][]*solver.Package
	offered  map[string]bool // names that packages provide
}

func newList(indexes []*index) *list {
	l := &list{sizes: map[*solver.Package]int64{}, names: map[string][]*solver.Package{}, offered: map[string]bool{}}
	for place, found := range indexes {
		for _, p := range found.packages {
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

// check returns an error if one wanted package alone is impossible.
func (l *list) check(w World, wanted string) error {
	term, ok := solver.Parse(wanted)
	switch {
	case !ok:
		return fmt.Errorf("package %q is neither NAME nor NAME with one of = < <= > >= ~ and a version", wanted)
	case term.Tag != "":
		return fmt.Errorf("package %q: no repository has the tag @%s; the repositories are %s", wanted, term.Tag, strings.Join(repositories(), " and "))
	case term.Conflict:
		return nil
	case !l.has(term.Name):
		near := ""
		if names := suggest.Words(term.Name, slices.Sorted(maps.Keys(l.names)), 3); len(names) > 0 {
			near = "; the nearest names are " + strings.Join(names, ", ")
		}
		return fmt.Errorf("%w %q in Alpine %s for %s%s", ErrNoPackage, term.Name, w.Release, w.arch(), near)
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
	return fmt.Errorf("%w %s in Alpine %s for %s; available: %s", ErrNoPackage, wanted, w.Release, w.arch(), strings.Join(versions, ", "))
}
