package solver

import "strings"

// term is a dependency, a provided name, a condition of install_if, or an entry of replaces.
type term struct {
	Term
	of *name
}

// Term is the text of a dependency: [!]NAME[@TAG][OPERATOR VERSION].
type Term struct {
	Text, Name, Tag string
	Version         string // "" for any
	Conflict        bool   // with !: the package must be absent
	allows          relation
	start           bool // with ~: only the start of the version counts
}

// Parse reads a term. It returns false if apk would not accept it.
func Parse(text string) (Term, bool) {
	p := Term{Text: text, allows: anything}
	p.Name, p.Conflict = strings.CutPrefix(text, "!")
	if at := strings.IndexAny(p.Name, "<>=~"); at >= 0 {
		rest := p.Name[at:]
		p.Name = p.Name[:at]
		p.Version = strings.TrimLeft(rest, "<>=~")
		p.allows = 0
		for _, operator := range rest[:len(rest)-len(p.Version)] {
			switch operator {
			case '<':
				p.allows |= less
			case '>':
				p.allows |= greater
			case '=':
				p.allows |= equal
			case '~':
				p.allows |= equal | fuzzy
				p.start = true
			}
		}
		if p.Version == "" || p.allows&checksum != checksum && !Valid(p.Version) {
			return Term{}, false
		}
	}
	p.Name, p.Tag, _ = strings.Cut(p.Name, "@")
	return p, p.Name != ""
}

// Fits reports whether a package of this version and checksum fulfils the term. Without a package (""), only a conflict
// is fulfilled.
func (t Term) Fits(version, sum string) bool {
	switch {
	case t.allows == checksum:
		return t.Version == sum
	case t.allows == anything:
		return !t.Conflict
	case version == "":
		return t.Conflict
	}
	return (compareVersions(version, t.Version, t.start)&t.allows != 0) != t.Conflict
}

// Replaces reports whether one of the terms names a package of that name, version and checksum.
func Replaces(terms []string, name, version, sum string) bool {
	for _, text := range terms {
		p, ok := Parse(text)
		if ok && (p.Name == name && p.Fits(version, sum) || p.Name != name && p.Conflict) {
			return true
		}
	}
	return false
}
