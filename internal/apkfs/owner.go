package apkfs

import (
	"archive/tar"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/solver"
)

// inOrder returns the packages in the order in which apk installs them, which decides who owns a file of two packages.
// The pins have the order if the packages alone do not determine it.
func inOrder(w World, packages []*unpacked) []*unpacked {
	if len(packages) > 0 && packages[0].pin.Order > 0 {
		return slices.SortedFunc(slices.Values(packages), func(a, b *unpacked) int { return a.pin.Order - b.pin.Order })
	}
	byName := map[string]*unpacked{}
	var solvable []*solver.Package
	provided := map[string]bool{}
	for _, p := range packages {
		byName[p.pin.Name] = p
		provided[p.pin.Name] = true
		solvable = append(solvable, p.solvable())
	}
	wanted := slices.Concat(w.wanted(func(name string) bool { return provided[name] })...)
	// A lock may have packages that apk would not choose. They are installed nevertheless.
	solution, _ := solver.Solve(solvable, wanted)
	var ordered []*unpacked
	for _, chosen := range solution.Packages {
		ordered = append(ordered, byName[chosen.Name])
		delete(byName, chosen.Name)
	}
	for _, p := range packages {
		if byName[p.pin.Name] == p {
			ordered = append(ordered, p)
		}
	}
	return ordered
}

func (p *unpacked) solvable() *solver.Package {
	var conditions []string
	for _, text := range p.about.InstallIf {
		conditions = append(conditions, strings.Fields(text)...)
	}
	return &solver.Package{
		Name: p.pin.Name, Version: p.pin.Version, Checksum: p.pin.Checksum, Repository: slices.Index(repositories(), p.pin.Repository),
		Depends: p.about.Dependencies, Provides: p.about.Provides, InstallIf: conditions, Priority: int(p.about.ProviderPriority),
	}
}

// share moves a folder of two packages to the lower layer. It gets the mode bits and the owner that apk would set: the
// bits that both have, and the lower owner.
func (e *entry) share(header *tar.Header, layer int) {
	e.layer = min(e.layer, layer)
	merged := *e.header
	switch by := cmp.Or(cmp.Compare(header.Uid, merged.Uid), cmp.Compare(header.Gid, merged.Gid)); {
	case by < 0:
		merged.Uid, merged.Gid, merged.Mode = header.Uid, header.Gid, header.Mode
	case by == 0:
		merged.Mode &= header.Mode
	}
	e.header = &merged
}

// yields reports whether a package's file replaces the present one. The rules are those of apk-tools 2.14
// (apk_db_install_archive_entry): a package from the same source overwrites; else the one with a replaces that fits
// wins; of two such, the higher replaces_priority; of equals, the one installed later.
func (e *entry) yields(file content, p *unpacked) (bool, error) {
	switch {
	case e == nil:
		return true, nil
	case e.header.Typeflag == tar.TypeDir || file.header.Typeflag == tar.TypeDir:
		return false, fmt.Errorf("%s is a folder in one of the packages %s and %s, and none in the other", file.path, e.owner.pin, p.pin)
	case e.owner == p:
		return false, fmt.Errorf("%s is there twice", file.path)
	case p.about.Origin != "" && p.about.Origin == e.owner.about.Origin:
		return true, nil
	}
	there, here := e.owner.rankOver(p), p.rankOver(e.owner)
	switch {
	case there > here:
		return false, nil
	case here >= 0:
		return true, nil
	}
	return false, fmt.Errorf("the packages %s and %s both have %s, and neither replaces the other in that version", e.owner.pin, p.pin, file.path)
}

// rankOver returns the priority with which a package replaces another one, or -1 if it does not.
func (p *unpacked) rankOver(other *unpacked) int {
	if solver.Replaces(p.about.Replaces, other.pin.Name, other.pin.Version, other.pin.Checksum) {
		return p.rank
	}
	return -1
}
