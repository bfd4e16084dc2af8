package solver

import (
	"cmp"
	"slices"
	"strings"
)

// changes are the packages that are installed for a world, once its names are decided.
type changes struct {
	packages []*Package
	seen     map[*name]bool
	ordered  map[*candidate]bool
	failed   bool // a dependency is missing
}

// sortedWorld returns the world in the order in which apk installs it.
func sortedWorld(world []term) []term {
	slices.SortStableFunc(world, func(a, b term) int {
		return cmp.Or(strings.Compare(lower(a.Name), lower(b.Name)), strings.Compare(a.Name, b.Name))
	})
	return world
}

// lower returns the text with ASCII's capital letters made small.
func lower(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// order returns the packages that were chosen for the world. A package comes after its dependencies, and before those
// that its installation triggers.
func order(world []term) *changes {
	c := &changes{seen: map[*name]bool{}, ordered: map[*candidate]bool{}}
	for _, t := range world {
		c.need(nil, t)
	}
	return c
}

// need adds the package for a term.
func (c *changes) need(by *candidate, t term) {
	if by != nil && !t.of.state.chosen.fulfils(t) {
		c.failed = true
	}
	c.add(t.of)
}

func (c *changes) add(n *name) {
	if c.seen[n] {
		return
	}
	c.seen[n] = true
	chosen := n.state.chosen.candidate
	if chosen == nil || c.ordered[chosen] {
		return
	}
	c.ordered[chosen] = true
	c.seen[chosen.name] = true
	for _, t := range chosen.provides {
		c.seen[t.of] = true
	}
	for _, t := range chosen.depends {
		c.need(chosen, t)
	}
	c.packages = append(c.packages, chosen.Package)
	c.bring(chosen.name)
	for _, t := range chosen.provides {
		c.bring(t.of)
	}
}

// bring adds the packages with an install_if that is fulfilled now.
func (c *changes) bring(n *name) {
	for _, other := range n.triggers {
		chosen := other.state.chosen.candidate
		if chosen != nil && other.state.discovered && !c.seen[other] && c.fulfilled(chosen) {
			c.add(other)
		}
	}
}

func (c *changes) fulfilled(chosen *candidate) bool {
	for _, t := range chosen.installIf {
		if !c.seen[t.of] || !t.of.state.chosen.fulfils(t) {
			return false
		}
	}
	return true
}
