package solver

import "strings"

// relation is the relation of one version to another, or the set of relations that an operator allows.
type relation uint8

const (
	equal relation = 1 << iota
	less
	greater
	fuzzy
	anything = equal | less | greater | fuzzy
	checksum = less | greater // the operator ><
)

// The parts of a version, in the order in which they may follow each other: 1.2.3b_rc1_p2-r3.
type part int8

const (
	invalid  part = iota - 1
	fraction      // digits after a dot: leading zeros count
	digits
	letter
	suffix
	suffixNumber
	revision
	end
)

// before and after are the suffixes of versions before and after the release, each in ascending order.
var (
	before = []string{"alpha", "beta", "pre", "rc"}
	after  = []string{"cvs", "svn", "git", "hg", "p"}
)

// reader reads a version part by part.
type reader struct {
	rest string
	next part
}

// Valid reports whether apk accepts a text as a version.
func Valid(version string) bool {
	r := reader{version, digits}
	for r.next != end && r.next != invalid {
		r.read()
	}
	return r.next == end
}

// Newer reports whether version a is a later one than b.
func Newer(a, b string) bool { return a != "" && b != "" && compareVersions(a, b, false) == greater }

// compareVersions returns the relation of a to b. No version ("") has every relation to another one. If only the start
// counts, a version equals all that continue it.
func compareVersions(a, b string, start bool) relation {
	if a == "" || b == "" {
		if a == b {
			return equal
		}
		return equal | less | greater
	}
	x, y := reader{a, digits}, reader{b, digits}
	var v, w int64
	for x.next == y.next && x.next != end && x.next != invalid && v == w {
		v, w = x.read(), y.read()
	}
	switch {
	case v < w:
		return less
	case v > w:
		return greater
	case x.next == y.next, start:
		return equal
	}
	// One version continues where the other ends. It is the higher one, unless a suffix puts it before the release.
	p, q := x.next, y.next
	switch {
	case p == suffix && x.read() < 0:
		return less
	case q == suffix && y.read() < 0:
		return greater
	case p > q:
		return less
	}
	return greater
}

// read returns the value of the next part, and finds the kind of the part after it.
func (r *reader) read() int64 {
	if r.rest == "" {
		r.next = end
		return 0
	}
	var value int64
	length, follows := 0, invalid
	switch {
	case r.next == fraction && r.rest[0] == '0':
		// More zeros make it lower. The last zero is read again, together with the digits behind it.
		length = len(r.rest) - len(strings.TrimLeft(r.rest, "0")) - 1
		value, follows = -int64(length), digits
	case r.next == fraction, r.next == digits, r.next == suffixNumber, r.next == revision:
		for ; length < len(r.rest) && isDigit(r.rest[length]); length++ {
			if length == 17 {
				r.next = invalid
				return -1
			}
			value = value*10 + int64(r.rest[length]-'0')
		}
	case r.next == letter:
		value, length = int64(r.rest[0]), 1
	case r.next == suffix:
		if value, length = readSuffix(r.rest); length == 0 {
			r.next = invalid
			return -1
		}
	default:
		r.next = invalid
		return -1
	}
	r.rest = r.rest[length:]
	switch {
	case r.rest == "":
		r.next = end
	case follows != invalid:
		r.next = follows
	default:
		r.peek()
	}
	return value
}

func readSuffix(text string) (value int64, length int) {
	for i, name := range before {
		if strings.HasPrefix(text, name) {
			return int64(i - len(before)), len(name)
		}
	}
	for i, name := range after {
		if strings.HasPrefix(text, name) {
			return int64(i), len(name)
		}
	}
	return 0, 0
}

// peek finds the kind of the next part, and skips its separator.
func (r *reader) peek() {
	last, first := r.next, r.rest[0]
	next, skip := invalid, 0
	switch {
	case (last == digits || last == fraction) && first >= 'a' && first <= 'z':
		next = letter
	case last == letter && isDigit(first):
		next = digits
	case last == suffix && isDigit(first):
		next = suffixNumber
	case first == '.':
		next, skip = fraction, 1
	case first == '_':
		next, skip = suffix, 1
	case strings.HasPrefix(r.rest, "-r"):
		next, skip = revision, 2
	}
	again := next == fraction && last == digits || next == suffix && last == suffixNumber || next == digits && last == letter
	if next < last && !again {
		next = invalid
	}
	r.next, r.rest = next, r.rest[skip:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
