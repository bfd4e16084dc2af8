package solver

// look finds out which candidates of a name are left and draws conclusions: a dependency of all of them is required,
// and a name that all of them provide has no other provider.
func (s *state) look(n *name) {
	recheckDepends, recheckTrigger := n.state.recheckDepends, n.state.recheckTrigger
	n.state.recheckDepends, n.state.recheckTrigger = false, false
	triggered, neverTriggered := false, true
	var first *candidate
	options := 0
	for _, p := range n.providers {
		p.state.merged = false
		if recheckDepends && !p.state.excluded {
			if t := p.impossible(); t != nil {
				s.exclude(p.candidate, cause{lacks: t})
			}
		}
		if p.state.excluded {
			continue
		}
		if recheckTrigger && !p.state.triggered && !p.state.neverTriggered {
			p.state.triggered, p.state.neverTriggered = p.condition()
		}
		triggered = triggered || p.state.triggered
		neverTriggered = neverTriggered && p.state.neverTriggered
		if n.state.requirers == 0 {
			continue
		}
		p.state.merged = true
		if first == nil {
			first = p.candidate
		}
		p.share(options)
		options++
	}
	n.state.options = options > 1
	n.state.triggered, n.state.neverTriggered = triggered, neverTriggered
	s.queueOpen(n)
	if first != nil {
		for _, p := range n.providers {
			p.state.lastMerged = p.state.merged
		}
		s.conclude(n, first, options)
	}
	n.state.requirersDone = true
	for _, other := range n.needed {
		if other.state.discovered && !other.state.decided {
			n.state.requirersDone = false
			break
		}
	}
}

// impossible returns a dependency of a package that nothing can fulfil any more, or nil.
func (c *candidate) impossible() *term {
	for i, t := range c.depends {
		if !t.possible() {
			return &c.depends[i]
		}
	}
	return nil
}

func (t term) possible() bool {
	n := t.of
	if n.state.decided {
		return n.state.chosen.fulfils(t)
	}
	if n.state.requirers == 0 && t.Conflict {
		return true
	}
	for _, p := range n.providers {
		if !p.state.excluded && p.fulfils(t) {
			return true
		}
	}
	return false
}

// condition reports whether install_if is fulfilled, and whether it never can be.
func (c *candidate) condition() (fulfilled, never bool) {
	for _, t := range c.installIf {
		if !t.of.state.decided {
			return false, false
		}
		if !t.of.state.chosen.fulfils(t) {
			return false, true
		}
	}
	return true, false
}

// selectable reports whether a package may be chosen for a name without being named itself. It needs a version under
// that name, or a priority among its providers.
func (p provider) selectable() bool {
	return p.version != "" || p.Priority != 0 || p.name.state.requirers > 0
}

// share counts how much the candidate at that place has in common with all before it.
func (p provider) share(place int) {
	for _, t := range p.depends {
		if !t.Conflict && t.of.state.sharedDepends == place {
			t.of.state.sharedDepends++
		}
	}
	p.name.shareProvided(place, p.version == "")
	for _, t := range p.provides {
		t.of.shareProvided(place, t.Version == "")
	}
}

func (n *name) shareProvided(place int, virtual bool) {
	if n.state.sharedProvides == place {
		n.state.sharedProvides++
		n.state.sharedVirtual = n.state.sharedVirtual || virtual
	}
}

// conclude applies the dependencies and names that all candidates of a name share.
func (s *state) conclude(n *name, first *candidate, options int) {
	for _, t := range first.depends {
		shared := t.of.state.sharedDepends == options
		t.of.state.sharedDepends = 0
		switch {
		case !shared:
		case options == 1:
			s.apply(first, t)
		case t.of.state.requirers == 0:
			t.of.state.requirers++
			s.required(t.of)
		}
	}
	s.concludeProvided(n, first, first.name, options)
	for _, t := range first.provides {
		s.concludeProvided(n, first, t.of, options)
	}
	first.name.state.sharedVirtual = false
	for _, t := range first.provides {
		t.of.state.sharedVirtual = false
	}
}

// concludeProvided follows from a name that all candidates of n provide: its other candidates are excluded, as only one
// package may have it. Virtual names exclude nothing.
func (s *state) concludeProvided(n *name, first *candidate, provided *name, options int) {
	shared := provided.state.sharedProvides == options
	provided.state.sharedProvides = 0
	if !shared || provided == n {
		return
	}
	virtual := provided.state.sharedVirtual
	for _, p := range provided.providers {
		if p.name == n || p.state.excluded || virtual && p.version == "" {
			continue
		}
		if !p.also(n, virtual) {
			s.exclude(p.candidate, cause{rival: first, shared: provided})
		}
	}
}

func (c *candidate) also(n *name, virtual bool) bool {
	for _, t := range c.provides {
		if t.of == n || virtual && t.Version == "" {
			return true
		}
	}
	return false
}
