// Package solver chooses packages as apk-tools 2.14 does: the same set, in the same order of installation.
//
//	solution, err := solver.Solve(packages, []string{"busybox", "jq~1.7", "!dbus"})
//	for _, p := range solution.Packages { … } // as apk would install them
//
// apk does not try all combinations. For each name it narrows down the possible packages, decides the name that is
// ripest, and never takes a decision back. The result depends on that order, so this package keeps the same state for
// names and candidates. Its rules are those of src/solver.c, src/package.c, src/version.c and src/database.c of 2.14; a
// test compares it with the genuine apk.
//
// An image needs neither installed packages nor tagged repositories, so both are left out.
package solver

// Package is a package of an index, reduced to the fields that the choice depends on.
type Package struct {
	Name, Version string
	Checksum      string // Q1…
	Depends       []string
	Provides      []string
	InstallIf     []string
	Priority      int // provider_priority
	Repository    int // the place of its repository; the lowest is preferred
}

// Solution is the set of packages chosen for a world.
type Solution struct {
	Packages []*Package // in the order of installation
	graph    *graph
}

// Solve returns the packages to install for the terms wanted. The order of packages is that of apk's index. An error
// names the package and the dependency that cannot be fulfilled; the solution then holds what was chosen so far.
func Solve(packages []*Package, wanted []string) (*Solution, error) {
	s := &state{graph: newGraph(packages)}
	world := sortedWorld(s.terms(wanted))
	for _, t := range world {
		s.discover(t.of)
		t.of.state.wanted = true
	}
	for _, t := range world {
		s.apply(nil, t)
	}
	for n := s.next(); n != nil; n = s.next() {
		s.choose(n)
	}
	changes := order(world)
	solution := &Solution{Packages: changes.packages, graph: s.graph}
	if s.failed || changes.failed {
		return solution, explain(world)
	}
	return solution, nil
}

// Needed returns the packages of the solution that a part of its world needs, in the order of installation.
func (s *Solution) Needed(wanted []string) []*Package {
	return order(sortedWorld(s.graph.terms(wanted))).packages
}
