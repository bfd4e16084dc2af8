package solver

import "cmp"

// choose decides a name: it takes the best candidate, or none.
func (s *state) choose(n *name) {
	var best provider
	for _, p := range n.providers {
		if n.state.requirers == 0 && !p.state.triggered || !p.selectable() {
			continue
		}
		if best.candidate == nil || p.compare(best) > 0 {
			best = p
		}
	}
	if best.candidate == nil {
		s.decide(n, best)
		s.failed = s.failed || n.state.requirers > 0
		return
	}
	if best.state.excluded {
		s.fail(best.candidate, best.state.why)
	}
	s.decide(best.name, provider{best.candidate, best.Version})
	for _, t := range best.provides {
		s.decide(t.of, provider{best.candidate, t.Version})
	}
	for _, t := range best.depends {
		s.apply(best.candidate, t)
	}
}

// compare returns a positive number if the candidate is better than the other one.
func (p provider) compare(other provider) int {
	possible := boolean(!p.state.excluded) - boolean(!other.state.excluded)
	if by := cmp.Or(possible,
		boolean(p.state.lastMerged)-boolean(other.state.lastMerged),
		other.state.conflicts-p.state.conflicts,
		sign(compareVersions(p.version, other.version, false)),
	); by != 0 {
		return by
	}
	if p.name == other.name {
		if by := sign(compareVersions(p.Version, other.Version, false)); by != 0 {
			return by
		}
	}
	return cmp.Or(p.Priority-other.Priority, other.Repository-p.Repository)
}

func sign(r relation) int {
	switch r {
	case less:
		return -1
	case greater:
		return 1
	}
	return 0
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// decide gives a name its provider and excludes the other providers, unless the name is virtual.
func (s *state) decide(n *name, chosen provider) {
	if n.state.decided {
		if chosen.version != "" || n.state.chosen.version != "" {
			s.fail(chosen.candidate, cause{rival: n.state.chosen.candidate, shared: n})
			s.fail(n.state.chosen.candidate, cause{rival: chosen.candidate, shared: n})
		}
		return
	}
	n.state.decided, n.state.chosen = true, chosen
	if n.state.open {
		s.close(n)
	}
	if n.state.dirty {
		n.state.dirty = false
		s.dirty = without(s.dirty, n)
	}
	for _, p := range n.providers {
		if p.candidate != chosen.candidate && (chosen.version != "" || p.version != "") {
			s.exclude(p.candidate, cause{rival: chosen.candidate, shared: n})
		}
	}
	s.recheckDepends(n)
	if chosen.candidate != nil {
		s.recheckTriggersOf(chosen.candidate)
	} else {
		s.recheckTriggers(n)
	}
}

func (s *state) fail(c *candidate, why cause) {
	s.failed = true
	if c != nil && !c.state.failed {
		c.state.failed, c.state.why = true, why
	}
}
