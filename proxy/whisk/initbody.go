//go:build linux

package whisk

import (
	"bytes"
	"io"
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// Init is the body of an /init, but for the code, which went to a sink as it
// came.
type Init struct {
	HasCode bool
	Binary  bool
	Main    string
	Env     [][2]string
}

// maxMember is how long a member of an /init other than the code may be, in
// bytes.
const maxMember = 4 << 20

// CodeSink takes the text of the code. Binary is called when the request's
// "binary" member is seen before the code.
type CodeSink interface {
	io.Writer
	Binary(binary bool)
}

// ReadInit reads the body of an /init:
//
//	{"value":{"name":…,"main":…,"code":…,"binary":…,"env":{…}}}
//
// Its members may come in any order. open is called where the code begins; an
// error of it or of its sink is returned as it is, errors of the request as
// *requestError, and those of the connection as they are.
func ReadInit(body Pieces, open func() (CodeSink, error)) (*Init, error) {
	in := &initReader{body: body, open: open}
	if err := in.object(in.topMember); err != nil {
		return nil, err
	}
	if c, err := in.peekToken(); err != io.EOF {
		if err != nil {
			return nil, err
		}
		return nil, in.unexpected(c, "the end of the request")
	}
	if !in.sawValue {
		return nil, &requestError{"the request has no value"}
	}
	return &in.request, nil
}

// A requestError says what is wrong with a request.
type requestError struct{ reason string }

func (e *requestError) Error() string { return e.reason }

// initReader is a parser that never holds more of the code than a piece.
type initReader struct {
	body Pieces
	open func() (CodeSink, error)

	piece    []byte
	at       int
	offset   int // of the piece in the body
	request  Init
	sawValue bool
}

// peek gives the next byte without taking it.
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
		err = &requestError{"unexpected end of the request " + where}
	}
	return err
}

// peekToken gives the next byte that is no blank.
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
	return &requestError{"unexpected " + strconv.QuoteRuneToASCII(rune(c)) + " where " + wanted + " was expected at byte " + strconv.Itoa(in.offset+in.at)}
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
		return 0, &requestError{"unexpected end of the request"}
	}
	return c, err
}

// object reads an object and calls member with each name, the reader standing
// before its value.
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

func (in *initReader) topMember(name string) error {
	if name != "value" {
		_, err := in.value()
		return err
	}
	c, err := in.must()
	if err != nil {
		return err
	}
	if c != '{' {
		return &requestError{"the request's value is not an object"}
	}
	in.sawValue = true
	in.request = Init{}
	return in.object(in.valueMember)
}

func (in *initReader) valueMember(name string) error {
	if name == "code" {
		return in.code()
	}
	raw, err := in.value()
	if err != nil {
		return err
	}
	kind := jsonscan.Kind(raw)
	switch {
	case name == "binary" && (kind == 't' || kind == 'f'):
		in.request.Binary = kind == 't'
	case name == "main" && kind == '"':
		in.request.Main, _ = jsonscan.Text(raw)
	case name == "env" && kind == '{':
		in.request.Env = environment(raw)
	case name == "binary" || name == "main" || name == "env":
		if kind != 'n' {
			return &requestError{"the value's " + name + " is of the wrong type"}
		}
	}
	return nil
}

// environment reads init's env: strings as they are, other values as compact
// JSON (rule 18).
func environment(raw []byte) (env [][2]string) {
	members := jsonscan.Object(raw)
	for members.Next() {
		if len(members.Key) == 0 || bytes.ContainsAny(members.Key, "=\x00") {
			continue // no variable can have such a name
		}
		text, ok := jsonscan.Text(members.Value)
		if !ok {
			text = string(jsonscan.AppendCompact(nil, members.Value))
		}
		env = append(env, [2]string{string(members.Key), text})
	}
	return env
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
		if err == io.EOF {
			return nil, &requestError{"unexpected end of the request"}
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
			return nil, &requestError{"a member other than the code is larger than 4 MiB"}
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
		return nil, &requestError{err.Error()}
	}
	return raw, nil
}

// code hands the text of the code on.
func (in *initReader) code() error {
	c, err := in.must()
	if err != nil {
		return err
	}
	if c != '"' {
		raw, err := in.value()
		if err == nil && jsonscan.Kind(raw) != 'n' {
			err = &requestError{"the value's code is not a string"}
		}
		in.request.HasCode = false
		return err
	}
	in.at++
	if c, err = in.peek(); err == nil && c == '"' { // empty: no code (rule 10)
		in.at++
		in.request.HasCode = false
		return nil
	}
	sink, err := in.open()
	if err != nil {
		return err
	}
	in.request.HasCode = true
	sink.Binary(in.request.Binary)
	t := codeText{in: in, sink: sink}
	return t.copy()
}
