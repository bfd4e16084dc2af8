package solver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// cause is the reason why a package cannot be chosen: it does not fulfil a term, a dependency of it is missing, or
// another package has a name that only one package may have.
type cause struct {
	by    *candidate // nil for the world
	wants term
	lacks *term

	rival  *candidate
	shared *name
}

// depth is the number of causes that an explanation follows.
const depth = 5

func (p *Package) String() string { return p.Name + "-" + p.Version }

// explain returns an error of one line: the term that cannot be fulfilled, why, and how the world leads to it. It reads
// the decisions of a solver that has failed.
func explain(world []term) error {
	type step struct {
		by   *candidate
		term term
		way  []string
	}
	var steps []step
	for _, t := range world {
		steps = append(steps, step{nil, t, nil})
	}
	seen := map[*candidate]bool{}
	for ; len(steps) > 0; steps = steps[1:] {
		at := steps[0]
		way := append(slices.Clone(at.way), wants(at.by, at.term))
		chosen := at.term.of.state.chosen
		if !chosen.fulfils(at.term) {
			return errors.New(strings.Join(append(way, at.term.lacking(depth)), "; "))
		}
		c := chosen.candidate
		if c == nil || seen[c] {
			continue
		}
		seen[c] = true
		if c.state.failed {
			return errors.New(strings.Join(append(way, c.because(depth)), "; "))
		}
		for _, t := range c.depends {
			steps = append(steps, step{c, t, way})
		}
	}
	return errors.New("no packages fit together")
}

func wants(by *candidate, t term) string {
	if by == nil {
		return "the image wants " + t.Text
	}
	return by.String() + " wants " + t.Text
}

// because returns the reason why a package cannot be chosen.
func (c *candidate) because(depth int) string {
	why := c.state.why
	switch {
	case why.rival == c:
		return fmt.Sprintf("%s has the name %s twice", c, why.shared.text)
	case why.rival != nil:
		return fmt.Sprintf("%s cannot be installed beside %s, which has the name %s, too", c, why.rival, why.shared.text)
	case why.lacks != nil:
		return wants(c, *why.lacks) + "; " + why.lacks.lacking(depth-1)
	case why.wants.of == nil:
		return c.String() + " cannot be installed"
	}
	return fmt.Sprintf("%s does not fit: %s", c, wants(why.by, why.wants))
}

// lacking returns the reason why nothing fulfils a term.
func (t term) lacking(depth int) string {
	n := t.of
	var versions, virtual, reasons []string
	for _, p := range n.providers {
		switch {
		case p.fulfils(t) && !p.selectable():
			virtual = append(virtual, p.Name)
		case p.fulfils(t) && p.state.excluded && depth > 0:
			reasons = append(reasons, p.because(depth))
		case p.name == n:
			versions = append(versions, p.version)
		case p.version != "":
			versions = append(versions, p.version+" of "+p.Name)
		}
	}
	c := n.state.chosen.candidate
	switch {
	case len(n.providers) == 0:
		return "no package has that name or provides it"
	case t.Conflict && c != nil:
		return fmt.Sprintf("%s is needed%s", c, c.neededBy(n))
	case len(reasons) > 0:
		return reasons[0]
	case len(virtual) > 0:
		slices.Sort(virtual)
		return "apk takes a package that provides it only if its own name is wanted, too: " + strings.Join(slices.Compact(virtual), ", ")
	case len(versions) > 0:
		return "available: " + strings.Join(versions, ", ")
	}
	return "the packages that provide it give no version"
}

// neededBy returns " by PACKAGE" for the first package that depends on c under a name.
func (c *candidate) neededBy(n *name) string {
	for _, other := range n.needed {
		by := other.state.chosen.candidate
		if by == nil || by == c {
			continue
		}
		for _, t := range by.depends {
			if t.of == n && !t.Conflict {
				return " by " + by.String()
			}
		}
	}
	return ""
}
