// Package solver chooses packages as apk-tools 2.14 chooses them: the same set, in the same order of installation.
//
//	solution, err := solver.Solve(packages, []string{"busybox", "jq~1.7", "!dbus"})
//	for _, p := range solution.Packages { … } // as apk would install them
//
// apk does not try all combinations. It narrows down, for each name, which packages are still possible, decides the
// name that is ripest, and never takes a decision back. Which set comes out, and whether one comes out at all, depends
// on that order, so the package keeps apk's, in the state of names and candidates. What is known of it is from reading
// src/solver.c, src/package.c, src/version.c and src/database.c of 2.14; a test compares with the genuine apk.
//
// Of what apk has, these are left out, as an image does without them: installed packages, and repositories with a tag.
package solver

// Package is a package of an index, as far as the choice depends on it.
type Package struct {
	Name, Version string
	Checksum      string // Q1…
	Depends       []string
	Provides      []string
	InstallIf     []string
	Priority      int // provider_priority
	Repository    int // in the order in which they are asked; the lowest is preferred
}

// Solution is what was chosen for a world.
type Solution struct {
	Packages []*Package // in the order of installation
	graph    *graph
}

// Solve returns the packages that are installed for what is wanted, in the order of apk's index. An error says which
// package wants what, and why it cannot be had. The solution comes along, as far as it got.
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

// Needed returns those packages of the solution that a part of its world needs, in the order of installation.
func (s *Solution) Needed(wanted []string) []*Package {
	return order(sortedWorld(s.graph.terms(wanted))).packages
}
