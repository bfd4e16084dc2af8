//go:build linux

package whisk

import (
	"io"
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// initReader is a parser that never holds more of the code than a piece.
type initReader struct {
	body Pieces
	open func() (CodeSink, error)

	piece   []byte
	at      int
	offset  int // of the piece in the body
	request Init
}

// peek returns the next byte without taking it.
func (in *initReader) peek() (byte, error) {
	for in.at == len(in.piece) {
		in.offset += len(in.piece)
		var err error
		if in.piece, err = in.body.Next(); err != nil {
			in.piece, in.at = nil, 0
			return 0, err
		}
		in.at = 0
	}
	return in.piece[in.at], nil
}

// some makes sure that there is a byte at in.piece[in.at].
func (in *initReader) some(where string) error {
	_, err := in.peek()
	if err == io.EOF {
		err = malformed("unexpected end of the request " + where)
	}
	return err
}

// peekToken returns the next byte that is no blank.
func (in *initReader) peekToken() (byte, error) {
	for {
		c, err := in.peek()
		if err != nil || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c, err
		}
		in.at++
	}
}

func (in *initReader) unexpected(c byte, wanted string) error {
	return malformed("unexpected " + strconv.QuoteRuneToASCII(rune(c)) + " where " + wanted + " was expected at byte " + strconv.Itoa(in.offset+in.at))
}

// token takes the next byte that is no blank, which has to be want.
func (in *initReader) token(want byte, what string) error {
	c, err := in.must()
	if err != nil {
		return err
	}
	if c != want {
		return in.unexpected(c, what)
	}
	in.at++
	return nil
}

// must is peekToken where the text may not end.
func (in *initReader) must() (byte, error) {
	c, err := in.peekToken()
	if err == io.EOF {
		return 0, malformed("unexpected end of the request")
	}
	return c, err
}

// object reads an object and calls member with each name, the reader standing before its value.
func (in *initReader) object(member func(name string) error) error {
	if err := in.token('{', "an object"); err != nil {
		return err
	}
	c, err := in.must()
	if err != nil {
		return err
	}
	if c == '}' {
		in.at++
		return nil
	}
	for {
		if c, err = in.must(); err != nil {
			return err
		}
		if c != '"' {
			return in.unexpected(c, "a member's name")
		}
		name, err := in.value()
		if err != nil {
			return err
		}
		if err := in.token(':', "a colon"); err != nil {
			return err
		}
		text, _ := jsonscan.Text(name)
		if err := member(text); err != nil {
			return err
		}
		if c, err = in.must(); err != nil {
			return err
		}
		in.at++
		switch c {
		case ',':
		case '}':
			return nil
		default:
			in.at--
			return in.unexpected(c, "a comma or the end of the object")
		}
	}
}

// value reads a value other than the code, whole and checked.
func (in *initReader) value() ([]byte, error) {
	if _, err := in.must(); err != nil {
		return nil, err
	}
	var raw []byte
	depth, inString, escaped := 0, false, false
	for {
		c, err := in.peek()
		if err == io.EOF && depth == 0 && !inString && len(raw) > 0 {
			break // of a request that is no object
		}
		if err == io.EOF {
			return nil, malformed("unexpected end of the request")
		}
		if err != nil {
			return nil, err
		}
		scalarEnd := depth == 0 && !inString && len(raw) > 0 && (c == ',' || c == '}' || c == ']' || c == ':' || c == ' ' || c == '\n' || c == '\r' || c == '\t')
		if scalarEnd {
			break
		}
		raw = append(raw, c)
		in.at++
		if len(raw) > maxMember {
			return nil, mistyped("a member other than the code is larger than 4 MiB")
		}
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if depth <= 0 && !inString && (c == '"' || c == '}' || c == ']') {
			break
		}
	}
	if err := jsonscan.Check(raw); err != nil {
		return nil, malformed(err.Error())
	}
	return raw, nil
}

// A requestError says what is wrong with a request.
type requestError struct {
	reason string
	isJSON bool // it is not the JSON that is wrong, as far as it was read
}

//go:noinline
func malformed(reason string) error { return &requestError{reason: reason} }

//go:noinline
func mistyped(reason string) error { return &requestError{reason: reason, isJSON: true} }

func (e *requestError) Error() string { return e.reason }
