package solver

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// name is a name that packages have, provide or ask for.
type name struct {
	text      string
	serial    int // the order in which names were met
	providers []provider
	needed    []*name // names of packages that may depend on it
	triggers  []*name // names of packages with an install_if that has it
	virtual   int     // 0: all providers have it as their own name, 1: some, 2: none
	state     nameState
}

// provider is a package under one of its names.
type provider struct {
	*candidate
	version string // under that name; "" for a virtual name
}

// candidate is a package that may be chosen.
type candidate struct {
	*Package
	name      *name
	depends   []term
	provides  []term
	installIf []term
	state     candidateState
}

// graph has all names and packages of the indexes.
type graph struct {
	names      map[string]*name
	candidates map[string]*candidate // by checksum
}

func newGraph(packages []*Package) *graph {
	g := &graph{names: map[string]*name{}, candidates: map[string]*candidate{}}
	for _, p := range packages {
		if known := g.candidates[p.Checksum]; known != nil && p.Checksum != "" {
			continue // another repository has the same package
		}
		c := &candidate{Package: p, name: g.name(p.Name)}
		c.depends, c.provides, c.installIf = g.terms(p.Depends), g.terms(p.Provides), g.terms(p.InstallIf)
		c.name.providers = append(c.name.providers, provider{c, p.Version})
		for _, provided := range c.provides {
			provided.of.providers = append(provided.of.providers, provider{c, provided.Version})
		}
		g.candidates[p.Checksum] = c
	}
	g.link()
	return g
}

func (g *graph) name(text string) *name {
	n := g.names[text]
	if n == nil {
		n = &name{text: text, serial: len(g.names)}
		g.names[text] = n
	}
	return n
}

// terms parses a list up to the first invalid term, as apk does.
func (g *graph) terms(texts []string) []term {
	terms := make([]term, 0, len(texts))
	for _, text := range texts {
		p, ok := Parse(text)
		if !ok {
			break
		}
		terms = append(terms, term{p, g.name(p.Name)})
	}
	return terms
}

// link connects the names. apk goes through names by their hash where the choice may depend on the order.
func (g *graph) link() {
	type placed struct {
		*name
		bucket uint32
	}
	all := make([]placed, 0, len(g.names))
	for _, n := range g.names {
		all = append(all, placed{n, murmur3(n.text, 5381) % 20000})
	}
	slices.SortFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(b.serial, a.serial))
	})
	for _, n := range all {
		others := 0
		for _, p := range n.providers {
			others += boolean(p.name != n.name)
			for _, t := range p.depends {
				t.of.needed = appendOnce(t.of.needed, n.name)
			}
			for _, t := range p.installIf {
				t.of.triggers = appendOnce(t.of.triggers, n.name)
			}
		}
		n.virtual = boolean(others > 0) + boolean(others > 0 && others == len(n.providers))
	}
}

// appendOnce appends a name to a list, unless it is the last element already.
func appendOnce(list []*name, n *name) []*name {
	if len(list) > 0 && list[len(list)-1] == n {
		return list
	}
	return append(list, n)
}

// murmur3 is MurmurHash3_x86_32 (https://github.com/aappleby/smhasher).
func murmur3(text string, seed uint32) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	mix := func(k uint32) uint32 { return bits.RotateLeft32(k*c1, 15) * c2 }
	h, rest := seed, []byte(text)
	for ; len(rest) >= 4; rest = rest[4:] {
		h = bits.RotateLeft32(h^mix(binary.LittleEndian.Uint32(rest)), 13)*5 + 0xe6546b64
	}
	if len(rest) > 0 {
		var last [4]byte
		copy(last[:], rest)
		h ^= mix(binary.LittleEndian.Uint32(last[:]))
	}
	h ^= uint32(len(text))
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
