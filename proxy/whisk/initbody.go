//go:build linux

package whisk

import (
	"io"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
)

// Init is the body of an /init, but for the code, which went to a sink as it came.
type Init struct {
	HasCode bool
	Binary  bool
	Main    string
	Env     [][2]string
}

// maxMember is how long a member of an /init other than the code may be, in bytes.
const maxMember = 4 << 20

// CodeSink takes the text of the code. Binary is called when the request's "binary" member is seen before the code.
type CodeSink interface {
	io.Writer
	Binary(binary bool)
}

// ReadInit reads the body of an /init:
//
//	{"value":{"name":…,"main":…,"code":…,"binary":…,"env":{…}}}
//
// Its members may come in any order. A request that is null, or without a value, or with null for it, brings no code
// (rule 11). open is called where the code begins; an error of it or of its sink is returned as it is, errors of the
// request as *requestError, and those of the connection as they are.
func ReadInit(body Pieces, open func() (CodeSink, error)) (*Init, error) {
	in := &initReader{body: body, open: open}
	if err := in.top(); err != nil {
		return nil, err
	}
	if c, err := in.peekToken(); err != io.EOF {
		if err != nil {
			return nil, err
		}
		return nil, in.unexpected(c, "the end of the request")
	}
	return &in.request, nil
}

// top reads all of the request.
func (in *initReader) top() error {
	c, err := in.must()
	if err != nil {
		return err
	}
	if c == '{' {
		return in.object(in.topMember)
	}
	unexpected := in.unexpected(c, "an object")
	raw, err := in.value()
	_, bad := err.(*requestError)
	switch {
	case err != nil && !bad:
		return err
	case bad || isFalse(raw) && jsonscan.Kind(raw) != 'n':
		return unexpected
	case jsonscan.Kind(raw) == 'n':
		return nil
	}
	return mistyped(unexpected.Error())
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
	in.request = Init{}
	if c != '{' {
		raw, err := in.value()
		if err == nil && jsonscan.Kind(raw) != 'n' {
			err = mistyped("the request's value is not an object")
		}
		return err
	}
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
		in.request.Env, _ = variable.Members(raw)
	case name == "binary" || name == "main" || name == "env":
		if kind != 'n' {
			return mistyped("the value's " + name + " is of the wrong type")
		}
	}
	return nil
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
			err = mistyped("the value's code is not a string")
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
