package http1

import "bytes"

//go:noinline
func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// is compares without regard to case; lower is a lower-case word.
//
//go:noinline
func is(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isToken reports whether b is a token (RFC 9110, section 5.6.2).
func isToken(b []byte) bool {
	for _, c := range b {
		if !isTokenByte(c) {
			return false
		}
	}
	return len(b) > 0
}

// Sets of characters, a bit for each: those below 64 and those below 128.
const (
	digitSet = (1<<10 - 1) << '0'
	letters  = (1<<26-1)<<('A'-64) | (1<<26-1)<<('a'-64)

	tokenLow  = digitSet | 1<<'!' | 1<<'#' | 1<<'$' | 1<<'%' | 1<<'&' | 1<<'\'' | 1<<'*' | 1<<'+' | 1<<'-' | 1<<'.'
	tokenHigh = letters | 1<<('^'-64) | 1<<('_'-64) | 1<<('`'-64) | 1<<('|'-64) | 1<<('~'-64)

	// A host is a name or an address, and a port (RFC 3986, section 3.2).
	hostLow  = digitSet | 1<<'!' | 1<<'$' | 1<<'%' | 1<<'&' | 1<<'\'' | 1<<'(' | 1<<')' | 1<<'*' | 1<<'+' | 1<<',' | 1<<'-' | 1<<'.' | 1<<':' | 1<<';' | 1<<'='
	hostHigh = letters | 1<<('['-64) | 1<<(']'-64) | 1<<('_'-64) | 1<<('~'-64)
)

func isIn(c byte, low, high uint64) bool {
	return c < 64 && low>>c&1 != 0 || 64 <= c && c < 128 && high>>(c-64)&1 != 0
}

func isTokenByte(c byte) bool { return isIn(c, tokenLow, tokenHigh) }

func isHost(b []byte) bool {
	for i, c := range b {
		if !isIn(c, hostLow, hostHigh) || c == '[' && i > 0 {
			return false
		}
	}
	// Brackets are around an IPv6 address.
	return bytes.Count(b, []byte("]")) == bytes.Count(b, []byte("["))
}

// isControl reports a control character that no field value may hold.
func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }

// unhex is the value of a hexadecimal digit, more than 15 for anything else.
//
//go:noinline
func unhex(c byte) byte {
	switch lower := c | 0x20; {
	case isDigit(c):
		return c - '0'
	case 'a' <= lower && lower <= 'f':
		return lower - 'a' + 10
	}
	return 0xff
}
