package stream

import (
	"strconv"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// Header is the head of a stream. The zero value is that of a stream without one.
type Header struct {
	Status int // 0 for none
	Fields []Field
}

// A Field is a header.
type Field struct{ Name, Value string }

// plainText is the type of a stream that names none.
const plainText = "text/plain; charset=utf-8"

const (
	mostFields = 64
	mostHead   = 8 << 10 // bytes
)

// reserved are headers that say how an answer is sent.
const reserved = " content-length transfer-encoding connection keep-alive trailer te upgrade "

// A HeadError says why a head is none.
type HeadError string

func (e HeadError) Error() string { return "the head does not hold: " + string(e) }

// ReadHead reads the object of a head. Members that it does not know are passed over.
func ReadHead(object []byte) (h Header, err error) {
	if len(object) > mostHead {
		return Header{}, HeadError("it has more than 8192 bytes")
	}
	members := jsonscan.Object(object)
	for members.Next() {
		switch string(members.Key) {
		case "status":
			h.Status, err = strconv.Atoi(string(members.Value))
			if err != nil || h.Status < 200 || h.Status > 599 || h.Status == 204 || h.Status == 304 {
				return Header{}, HeadError("its status is not a number from 200 to 599 but 204 and 304")
			}
		case "headers":
			if err := h.read(members.Value); err != nil {
				return Header{}, err
			}
		}
	}
	if members.Err() != nil {
		return Header{}, HeadError("it is not a JSON object")
	}
	return h, nil
}

func (h *Header) read(object []byte) error {
	h.Fields = nil
	members := jsonscan.Object(object)
	for members.Next() {
		name := string(members.Key)
		value, _ := jsonscan.Text(members.Value)
		switch {
		case len(h.Fields) == mostFields:
			return HeadError("it has more than 64 headers")
		case !isToken(name):
			return HeadError("the name of a header is not a token: " + strconv.Quote(name))
		case strings.Contains(reserved, " "+lower(name)+" "):
			return HeadError("the header " + name + " is not the action's to set")
		case jsonscan.Kind(members.Value) != '"' || !isValue(value):
			return HeadError("the header " + name + " is not a string without control characters")
		}
		h.Fields = append(h.Fields, Field{name, value})
	}
	if members.Err() != nil {
		return HeadError("its headers are not a JSON object")
	}
	return nil
}

// lower returns ASCII in lower case.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

// isToken is for names of headers (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if !isAlphanumeric(s[i]) && strings.IndexByte("!#$%&'*+-.^_`|~", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

func isValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7F {
			return false
		}
	}
	return true
}

// contentType returns the type of the stream, and whether the head names it.
func (h *Header) contentType() (string, bool) {
	for _, f := range h.Fields {
		if lower(f.Name) == "content-type" {
			return f.Value, true
		}
	}
	return plainText, false
}

// isText reports whether a type is textual, so that its content may stand in a JSON string.
func isText(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = lower(strings.Trim(kind, " \t"))
	switch kind {
	case "", "application/json", "application/xml", "application/javascript", "application/ecmascript", "application/x-www-form-urlencoded",
		"application/jsonl", "application/x-ndjson", "application/yaml", "application/x-yaml", "application/toml", "application/graphql", "application/sql":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml") || strings.HasSuffix(kind, "+yaml")
}

// AppendFields appends the headers as HTTP has them, each with its CRLF.
func (h *Header) AppendFields(b []byte) []byte {
	if _, named := h.contentType(); !named {
		b = appendField(b, "Content-Type", plainText)
	}
	for _, f := range h.Fields {
		b = appendField(b, f.Name, f.Value)
	}
	return b
}

func appendField(b []byte, name, value string) []byte {
	return append(append(append(append(b, name...), ": "...), value...), "\r\n"...)
}
