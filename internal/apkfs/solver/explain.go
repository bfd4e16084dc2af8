package solver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// cause is why a package cannot be chosen: somebody wants a term that it does not fulfil, or it lacks something, or
// another package has a name that only one may have.
type cause struct {
	by    *candidate // nil for the world
	wants term
	lacks *term

	rival  *candidate
	shared *name
}

// depth is how far an explanation goes from one cause to the next.
const depth = 5

func (p *Package) String() string { return p.Name + "-" + p.Version }

// explain says in one line why a world cannot be had, with the way to it from the world. It reads what was decided.
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

// because says why a package cannot be chosen.
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
	return fmt.Sprintf("%s is not what is wanted: %s", c, wants(why.by, why.wants))
}

// lacking says why there is nothing for a term.
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
		return "apk takes none that provides it unless that is wanted by its own name: " + strings.Join(slices.Compact(virtual), ", ")
	case len(versions) > 0:
		return "its version there is " + strings.Join(versions, ", ")
	}
	return "what provides it has no version"
}

// neededBy names the first package that depends on another one under a name.
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
