package solver

import (
	"cmp"
	"slices"
)

// state is the state of a choice.
type state struct {
	*graph
	dirty  []*name // names whose candidates must be looked at again, the oldest first
	open   []*name // undecided names, the newest last
	failed bool
}

type nameState struct {
	wanted      bool // the world names it
	discovered  bool
	chain       int // the longest known path down the dependencies
	requirers   int
	dirty, open bool

	decided bool
	chosen  provider // its candidate is nil if there is none

	recheckDepends bool // a dependency of a candidate has changed
	recheckTrigger bool
	triggered      bool // an install_if of a candidate is fulfilled
	neverTriggered bool
	options        bool // there are several candidates
	requirersDone  bool // all names that need it are decided

	// The number of candidates in the current look that depend on this name, or provide it, plus one. Earlier looks may
	// have left numbers here.
	sharedDepends, sharedProvides int
	sharedVirtual                 bool
}

type candidateState struct {
	discovered bool
	excluded   bool
	why        cause // the first one
	conflicts  int   // terms that it does not fulfil
	merged     bool
	lastMerged bool // it was a candidate when the shared terms were last applied

	triggered, neverTriggered bool
	failed                    bool // it was chosen nevertheless
	chain                     int
}

// discover marks all names that a name may lead to.
func (s *state) discover(n *name) {
	if n.state.discovered {
		return
	}
	n.state.discovered, n.state.neverTriggered = true, true
	for _, p := range n.providers {
		if !p.state.discovered {
			p.state.discovered = true
			p.state.neverTriggered = len(p.installIf) == 0
			for _, t := range p.depends {
				s.discover(t.of)
				p.state.chain = max(p.state.chain, t.of.state.chain+1)
			}
		}
		n.state.chain = max(n.state.chain, p.state.chain)
		n.state.neverTriggered = n.state.neverTriggered && p.state.neverTriggered
	}
	for _, p := range n.providers {
		for _, other := range p.name.triggers {
			s.discover(other)
		}
		for _, t := range p.provides {
			if t.of.state.discovered {
				continue
			}
			for _, other := range t.of.triggers {
				s.discover(other)
			}
		}
	}
}

func (s *state) queueDirty(n *name) {
	if n.state.dirty || n.state.decided || n.state.requirers == 0 && !n.state.recheckTrigger {
		return
	}
	n.state.dirty = true
	s.dirty = append(s.dirty, n)
}

// queueOpen adds a name to the undecided ones, or removes it if nothing asks for it any more.
func (s *state) queueOpen(n *name) {
	if n.state.decided {
		return
	}
	if asked := n.state.requirers > 0 || n.state.triggered; asked && !n.state.open {
		n.state.open = true
		s.open = append(s.open, n)
	} else if !asked && n.state.open {
		s.close(n)
	}
}

func (s *state) close(n *name) {
	n.state.open = false
	s.open = without(s.open, n)
}

func without(list []*name, n *name) []*name {
	return slices.DeleteFunc(list, func(other *name) bool { return other == n })
}

// next looks at all dirty names, and returns the name to decide next, or nil when all are decided.
func (s *state) next() *name {
	for len(s.dirty) > 0 {
		n := s.dirty[0]
		s.dirty = s.dirty[1:]
		n.state.dirty = false
		s.look(n)
	}
	var best *name
	for i := len(s.open) - 1; i >= 0; i-- {
		n := s.open[i]
		if n.state.requirersDone && n.state.requirers > 0 && !n.state.options {
			return n
		}
		if best == nil || n.compare(best) < 0 {
			best = n
		}
	}
	return best
}

// compare returns a negative number if the name is decided before the other one.
func (n *name) compare(other *name) int {
	return cmp.Or(
		boolean(other.state.wanted)-boolean(n.state.wanted),
		n.virtual-other.virtual,
		other.state.chain-n.state.chain,
		boolean(other.state.requirers > 0)-boolean(n.state.requirers > 0),
	)
}

// apply applies a term of a package, or of the world (nil).
func (s *state) apply(by *candidate, t term) {
	n := t.of
	if !t.Conflict {
		n.state.requirers++
		if n.state.requirers == 1 {
			s.required(n)
		}
	}
	for _, p := range n.providers {
		if p.fulfils(t) {
			continue
		}
		p.state.conflicts++
		if !p.state.excluded {
			s.exclude(p.candidate, cause{by: by, wants: t})
		}
	}
}

func (p provider) fulfils(t term) bool {
	if p.candidate == nil {
		return t.Conflict
	}
	return t.Fits(p.version, p.Checksum)
}

// required queues a name when it is asked for the first time.
func (s *state) required(n *name) {
	s.queueOpen(n)
	s.recheckTriggers(n)
	s.queueDirty(n)
}

// exclude removes a package from the possible ones.
func (s *state) exclude(c *candidate, why cause) {
	if !c.state.excluded {
		c.state.excluded, c.state.why = true, why
	}
	s.recheckDepends(c.name)
	for _, t := range c.provides {
		s.recheckDepends(t.of)
	}
	s.recheckTriggersOf(c)
}

func (s *state) recheckDepends(n *name) {
	for _, other := range n.needed {
		if other.state.discovered {
			other.state.recheckDepends = true
			s.queueDirty(other)
		}
	}
}

func (s *state) recheckTriggers(n *name) {
	for _, other := range n.triggers {
		if other.state.discovered && !other.state.neverTriggered {
			other.state.recheckTrigger = true
			s.queueDirty(other)
		}
	}
}

func (s *state) recheckTriggersOf(c *candidate) {
	s.recheckTriggers(c.name)
	for _, t := range c.provides {
		s.recheckTriggers(t.of)
	}
}
