package http1

import (
	"bytes"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
)

// maxHead is how long a request line and its header fields may be together, in bytes, and maxLine how long the request
// line alone.
const (
	maxHead = 32 << 10
	maxLine = 8 << 10
)

// noLength is the length of a body that comes in chunks.
const noLength = -1

// head is the part of a request's header that the server uses.
type head struct {
	method, path string
	length       int64 // of the body in bytes, or noLength
	old          bool  // HTTP/1.0
	close        bool  // the client wants the connection closed after the answer
	keep         bool  // an HTTP/1.0 client wants it kept open
	expect       bool  // it waits for 100 Continue before it sends the body
	chunks       bool  // it accepts a stream
	hosts        int
	lengths      int
}

// A refusal is a request that is answered by the server itself.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

//go:noinline
func bad(reason string) error { return &refusal{400, reason} }

// parseHead reads a request line and header fields, up to and with the empty line that ends them.
func parseHead(b []byte) (h head, err error) {
	line, rest, err := cutLine(b)
	if err != nil {
		return h, err
	}
	if err := h.requestLine(line); err != nil {
		return h, err
	}
	for {
		if line, rest, err = cutLine(rest); err != nil {
			return h, err
		}
		if len(line) == 0 {
			return h, h.consistent()
		}
		if err := h.field(line); err != nil {
			return h, err
		}
	}
}

// cutLine returns the bytes before the first CR LF and those after it.
func cutLine(b []byte) (line, rest []byte, err error) {
	i := bytes.IndexByte(b, '\n')
	if i < 1 || b[i-1] != '\r' {
		return nil, nil, noLineEnd()
	}
	return b[:i-1], b[i+1:], nil
}

func (h *head) requestLine(line []byte) error {
	if len(line) > maxLine {
		return lineTooLong()
	}
	i := bytes.IndexByte(line, ' ')
	j := bytes.LastIndexByte(line, ' ')
	if i < 1 || j == i {
		return bad("malformed request line")
	}
	method, target, version := line[:i], line[i+1:j], line[j+1:]
	if !isToken(method) {
		return bad("malformed method")
	}
	h.method = intern(method)
	if len(version) != 8 || string(version[:5]) != "HTTP/" || !isDigit(version[5]) || version[6] != '.' || !isDigit(version[7]) {
		return bad("malformed HTTP version")
	}
	if version[5] != '1' {
		return &refusal{505, "only HTTP/1.0 and HTTP/1.1 are spoken here"}
	}
	h.old = version[7] == '0'
	return h.target(target)
}

func (h *head) field(line []byte) error {
	i := bytes.IndexByte(line, ':')
	if i < 1 || !isToken(line[:i]) {
		return bad("malformed header field")
	}
	name, value := line[:i], trimBlanks(line[i+1:])
	for _, c := range value {
		if isControl(c) {
			return bad("control character in a header field")
		}
	}
	switch {
	case is(name, "content-length"):
		return h.contentLength(value)
	case is(name, "transfer-encoding"):
		return h.transferEncoding(value)
	case is(name, "connection"):
		h.connection(value)
	case is(name, "expect"):
		if len(value) > 0 && !is(value, "100-continue") {
			return &refusal{417, "the only expectation met here is 100-continue"}
		}
		h.expect = h.expect || len(value) > 0
	case is(name, "accept"):
		h.accept(value)
	case is(name, "host"):
		h.hosts++
		if !isHost(value) {
			return bad("malformed Host")
		}
	}
	return nil
}

func (h *head) contentLength(value []byte) error {
	if h.lengths++; h.lengths > 1 {
		return bad("more than one body length")
	}
	if len(value) == 0 || len(value) > 18 {
		return bad("malformed Content-Length")
	}
	for _, c := range value {
		if !isDigit(c) {
			return bad("malformed Content-Length")
		}
		h.length = h.length*10 + int64(c-'0')
	}
	return nil
}

func (h *head) transferEncoding(value []byte) error {
	if h.lengths++; h.lengths > 1 {
		return bad("more than one body length")
	}
	if h.old {
		return bad("Transfer-Encoding in an HTTP/1.0 request")
	}
	if !is(value, "chunked") {
		return &refusal{501, "the only transfer encoding understood here is chunked"}
	}
	h.length = noLength
	return nil
}

func (h *head) connection(value []byte) {
	for len(value) > 0 {
		var option []byte
		option, value, _ = bytes.Cut(value, []byte(","))
		switch option = trimBlanks(option); {
		case is(option, "close"):
			h.close = true
		case is(option, "keep-alive"):
			h.keep = true
		}
	}
}

func (h *head) accept(value []byte) {
	for len(value) > 0 {
		var kind []byte
		kind, value, _ = bytes.Cut(value, []byte(","))
		kind, _, _ = bytes.Cut(kind, []byte(";"))
		h.chunks = h.chunks || is(trimBlanks(kind), stream.Type)
	}
}

func (h *head) consistent() error {
	if h.hosts > 1 || h.hosts == 0 && !h.old {
		return bad("an HTTP/1.1 request has one Host field")
	}
	h.close = h.close || h.old && !h.keep
	return nil
}

// intern returns b as a string, without an allocation where every request carries it.
func intern(b []byte) string {
	switch string(b) {
	case "POST":
		return "POST"
	case "/run":
		return "/run"
	case "/init":
		return "/init"
	}
	return string(b)
}
