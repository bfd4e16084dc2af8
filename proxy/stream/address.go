package stream

import (
	"strconv"
	"strings"
)

// An Address is an IP address of 16 bytes; IPv4 is ::ffff:a.b.c.d. (net/netip would make the proxy 106 KB larger.)
type Address [16]byte

var v4Prefix = [12]byte{10: 0xff, 11: 0xff}

// As4 returns the four bytes of IPv4, and whether the address is one.
func (a Address) As4() ([4]byte, bool) { return [4]byte(a[12:]), [12]byte(a[:12]) == v4Prefix }

// parseAddress reads an address as RFC 4291 and dotted decimals have it, without a zone. One of IPv6 that stands for an
// address of IPv4 becomes that, so that no rule is evaded by writing it in another way: ::ffff:1.2.3.4, and
// 64:ff9b::1.2.3.4 (RFC 6052).
func parseAddress(s string) (a Address, ok bool) {
	if strings.IndexByte(s, ':') < 0 {
		copy(a[:], v4Prefix[:])
		return a, parse4(s, a[12:])
	}
	if !parse6(s, &a) {
		return Address{}, false
	}
	if [12]byte(a[:12]) == [12]byte{1: 0x64, 2: 0xff, 3: 0x9b} {
		copy(a[:], v4Prefix[:])
	}
	return a, true
}

// parse4 reads four decimal numbers. One with a zero before it is refused, for some take that as octal.
func parse4(s string, to []byte) bool {
	for i := range to {
		part, rest, more := strings.Cut(s, ".")
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || more != (i < len(to)-1) || len(part) > 1 && part[0] == '0' {
			return false
		}
		to[i], s = byte(n), rest
	}
	return true
}

// parse6 reads groups of up to four hexadecimal digits; one "::" stands for groups of zeros, and IPv4 for the last two.
func parse6(s string, a *Address) bool {
	at, gap := 0, -1
	if strings.HasPrefix(s, "::") {
		gap, s = 0, s[2:]
	}
	for s != "" {
		if at == len(a) {
			return false
		}
		part, rest, more := strings.Cut(s, ":")
		if strings.IndexByte(part, '.') >= 0 {
			if more || at > len(a)-4 || !parse4(part, a[at:at+4]) {
				return false
			}
			at += 4
			break
		}
		n, err := strconv.ParseUint(part, 16, 16)
		if err != nil || len(part) > 4 {
			return false
		}
		a[at], a[at+1] = byte(n>>8), byte(n)
		at += 2
		if s = rest; more && strings.HasPrefix(rest, ":") {
			if gap >= 0 {
				return false
			}
			gap, s = at, rest[1:]
		} else if more && rest == "" {
			return false
		}
	}
	if gap < 0 {
		return at == len(a)
	}
	if at == len(a) {
		return false // the gap stands for one group at least
	}
	moved := copy(a[len(a)-(at-gap):], a[gap:at])
	clear(a[gap : len(a)-moved])
	return true
}

// isSpecial reports whether an address means this machine, its neighbours, many, or nobody.
func (a Address) isSpecial() bool {
	if b, ok := a.As4(); ok {
		return b[0] == 0 || b[0] == 127 || b[0] == 169 && b[1] == 254 || b[0]>>4 == 14 || b == [4]byte{255, 255, 255, 255}
	}
	return a == Address{} || a == Address{15: 1} || a[0] == 0xfe && a[1]>>6 == 2 || a[0] == 0xff
}

// A prefix is an address and how many of its first bits count.
type prefix struct {
	address Address
	bits    int
}

func (p prefix) contains(a Address) bool {
	whole := p.bits / 8
	if string(a[:whole]) != string(p.address[:whole]) {
		return false
	}
	return p.bits%8 == 0 || (a[whole]^p.address[whole])>>(8-p.bits%8) == 0
}

// parsePrefix reads an address or a CIDR.
func parsePrefix(s string) (p prefix, ok bool) {
	text, bits, isCIDR := strings.Cut(s, "/")
	p.address, ok = parseAddress(text)
	if !ok || !isCIDR {
		p.bits = 128
		return p, ok
	}
	n, err := strconv.ParseUint(bits, 10, 8)
	if _, is4 := p.address.As4(); is4 {
		n += 96
		ok = strings.IndexByte(text, ':') < 0 // in an IPv6 notation, the bits would mean something else
	}
	p.bits = int(n)
	return p, ok && err == nil && n <= 128
}
