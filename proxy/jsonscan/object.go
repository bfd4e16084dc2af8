package jsonscan

import "bytes"

// Members walks over the members of an object, in the order of the text. The zero value is not useful: see Object.
type Members struct {
	// Key is the member's name, unescaped; it and Value hold until the next call of Next.
	Key []byte
	// Value is the member's value as it stands in the text, checked.
	Value []byte

	text    []byte
	at      int
	started bool
	err     error
}

// Object prepares to walk over text, which has to be one object, blanks around it allowed. Nothing is known of the text
// until Next has returned false and Err nil: members before a mistake are given first.
func Object(text []byte) Members {
	m := Members{text: text, at: blanks(text, 0)}
	if m.at >= len(text) || text[m.at] != '{' {
		m.err = unexpected(text, m.at, "an object")
	}
	return m
}

// Next goes to the next member and tells whether there was one.
func (m *Members) Next() bool {
	if m.err != nil {
		return false
	}
	b, i := m.text, blanks(m.text, m.at)
	switch {
	case !m.started:
		i = blanks(b, i+1) // past the opening bracket
	case i < len(b) && b[i] == ',':
		i = blanks(b, i+1)
		if i < len(b) && b[i] == '}' {
			m.err = unexpected(b, i, "a member's name")
			return false
		}
	case i >= len(b) || b[i] != '}':
		m.err = unexpected(b, i, "a comma or the end of the object")
		return false
	}
	m.started = true
	if i < len(b) && b[i] == '}' {
		m.err = atEnd(b, i+1)
		m.at = len(b)
		if m.err == nil {
			m.err = errDone
		}
		return false
	}
	value, err := skipKey(b, i)
	if err != nil {
		m.err = err
		return false
	}
	end, err := skip(b, value)
	if err != nil {
		m.err = err
		return false
	}
	m.Key = b[i+1 : i+1+bytes.LastIndexByte(b[i+1:value], '"')]
	if bytes.IndexByte(m.Key, '\\') >= 0 {
		m.Key = AppendUnquoted(nil, b[i:i+2+len(m.Key)])
	}
	m.Value, m.at = b[value:end], end
	return true
}

// errDone marks a text that was read to its end.
var errDone = &SyntaxError{What: "done"}

// Err returns the error in the text, nil after a whole object.
func (m *Members) Err() error {
	if m.err == errDone {
		return nil
	}
	return m.err
}

// OneLine replaces the line ends in checked JSON by blanks, in place. They can only stand between its parts, for inside
// strings they are escaped.
func OneLine(text []byte) {
	for _, end := range []byte{'\n', '\r'} {
		for rest := text; ; {
			i := bytes.IndexByte(rest, end)
			if i < 0 {
				break
			}
			rest[i] = ' '
			rest = rest[i+1:]
		}
	}
}

// AppendCompact appends checked JSON without the blanks between its parts.
func AppendCompact(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case isBlank(c):
			i++
		case c == '"':
			end, err := skipString(raw, i)
			if err != nil {
				return append(dst, raw[i:]...)
			}
			dst = append(dst, raw[i:end]...)
			i = end
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}
