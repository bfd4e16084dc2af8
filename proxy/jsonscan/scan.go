// Package jsonscan reads JSON (RFC 8259) where it lies: it checks a text, finds members by name and gives their raw
// bytes, without building values.
//
//	members := jsonscan.Object(body)
//	for members.Next() {
//		if string(members.Key) == "value" {
//			value = members.Value // the bytes as they came
//		}
//	}
//	err := members.Err()
//
// It accepts the same texts as encoding/json (a fuzz test compares them), which would add half a megabyte to the
// proxy.
package jsonscan

import "strconv"

// maxDepth is how deep arrays and objects may nest, as in encoding/json.
const maxDepth = 10000

// A SyntaxError says what is wrong with a text, and at which byte.
type SyntaxError struct {
	What   string
	Offset int
}

func (e *SyntaxError) Error() string {
	return e.What + " at byte " + strconv.Itoa(e.Offset)
}

// Kind returns the first byte of a raw value: '{', '[', '"', 't', 'f', 'n', or 0 for an empty one; a number gives '0'.
func Kind(raw []byte) byte {
	switch i := blanks(raw, 0); {
	case i == len(raw):
		return 0
	case raw[i] == '-' || isDigit(raw[i]):
		return '0'
	default:
		return raw[i]
	}
}

// Check reports what is wrong with text as one JSON value, blanks around it allowed.
func Check(text []byte) error {
	end, err := skip(text, blanks(text, 0))
	if err != nil {
		return err
	}
	return atEnd(text, end)
}

func atEnd(text []byte, i int) error {
	if i = blanks(text, i); i < len(text) {
		return &SyntaxError{"data after the value", i}
	}
	return nil
}

// Trim returns raw without the blanks around it.
func Trim(raw []byte) []byte {
	i, j := blanks(raw, 0), len(raw)
	for j > i && isBlank(raw[j-1]) {
		j--
	}
	return raw[i:j]
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func blanks(b []byte, i int) int {
	for i < len(b) && isBlank(b[i]) {
		i++
	}
	return i
}

func unexpected(b []byte, i int, wanted string) error {
	if i >= len(b) {
		return &SyntaxError{"the text ends where " + wanted + " was expected", len(b)}
	}
	return &SyntaxError{"unexpected " + strconv.QuoteRuneToASCII(rune(b[i])) + " where " + wanted + " was expected", i}
}

// skip checks the value that starts at b[i] and returns the index after it.
func skip(b []byte, i int) (int, error) {
	if i < len(b) && (b[i] == '{' || b[i] == '[') {
		return skipNested(b, i)
	}
	return skipScalar(b, i)
}

func skipScalar(b []byte, i int) (int, error) {
	if i >= len(b) {
		return i, unexpected(b, i, "a value")
	}
	switch c := b[i]; {
	case c == '"':
		return skipString(b, i)
	case c == 't':
		return skipWord(b, i, "true")
	case c == 'f':
		return skipWord(b, i, "false")
	case c == 'n':
		return skipWord(b, i, "null")
	case c == '-' || isDigit(c):
		return skipNumber(b, i)
	}
	return i, unexpected(b, i, "a value")
}

func skipWord(b []byte, i int, word string) (int, error) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return i, unexpected(b, i, "a value")
	}
	return i + len(word), nil
}

func skipNumber(b []byte, i int) (int, error) {
	if b[i] == '-' {
		i++
	}
	var err error
	if i < len(b) && b[i] == '0' {
		i++
	} else if i, err = skipDigits(b, i); err != nil {
		return i, err
	}
	if i < len(b) && b[i] == '.' {
		if i, err = skipDigits(b, i+1); err != nil {
			return i, err
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return skipDigits(b, i)
	}
	return i, nil
}

func skipDigits(b []byte, i int) (int, error) {
	if i >= len(b) || !isDigit(b[i]) {
		return i, unexpected(b, i, "a digit")
	}
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	return i, nil
}

// skipNested checks an array or object without recursion: one bit of the stack for each open bracket would do, a byte
// is simpler.
func skipNested(b []byte, i int) (int, error) {
	var room [64]byte
	open := append(room[:0], b[i])
	i++
	first := true // nothing has followed the last opening bracket yet
	for {
		i = blanks(b, i)
		top := open[len(open)-1]
		switch {
		case i < len(b) && b[i] == top+2: // '{'+2 is '}', '['+2 is ']'
			open = open[:len(open)-1]
			i++
			if len(open) == 0 {
				return i, nil
			}
			first = false
			continue
		case first:
		case i < len(b) && b[i] == ',':
			i = blanks(b, i+1)
		default:
			return i, unexpected(b, i, "a comma or the end of the "+nameOf(top))
		}
		if top == '{' {
			var err error
			if i, err = skipKey(b, i); err != nil {
				return i, err
			}
		}
		if i < len(b) && (b[i] == '{' || b[i] == '[') {
			if len(open) == maxDepth {
				return i, &SyntaxError{"nested deeper than " + strconv.Itoa(maxDepth) + " levels", i}
			}
			open = append(open, b[i])
			i++
			first = true
			continue
		}
		var err error
		if i, err = skipScalar(b, i); err != nil {
			return i, err
		}
		first = false
	}
}

func nameOf(bracket byte) string {
	if bracket == '{' {
		return "object"
	}
	return "array"
}

// skipKey checks a member's name and colon and returns the index of its value.
func skipKey(b []byte, i int) (int, error) {
	if i >= len(b) || b[i] != '"' {
		return i, unexpected(b, i, "a member's name")
	}
	i, err := skipString(b, i)
	if err != nil {
		return i, err
	}
	if i = blanks(b, i); i >= len(b) || b[i] != ':' {
		return i, unexpected(b, i, "a colon")
	}
	return blanks(b, i+1), nil
}
