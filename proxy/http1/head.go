package http1

import "bytes"

// maxHead is how long a request line and its header fields may be together, in
// bytes, and maxLine how long the request line alone.
const (
	maxHead = 32 << 10
	maxLine = 8 << 10
)

// noLength is the length of a body that comes in chunks.
const noLength = -1

// head is what the server needs to know of a request's header.
type head struct {
	method, path string
	length       int64 // of the body in bytes, or noLength
	old          bool  // HTTP/1.0
	close        bool  // the client wants the connection closed after the answer
	expect       bool  // it waits for 100 Continue before it sends the body
	hosts        int
	lengths      int
}

// A refusal is a request that is answered by the server itself.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

func bad(reason string) error { return &refusal{400, reason} }

// parseHead reads a request line and header fields, up to and with the empty
// line that ends them.
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

// cutLine gives the bytes before the first CR LF and those after it.
func cutLine(b []byte) (line, rest []byte, err error) {
	i := bytes.IndexByte(b, '\n')
	if i < 1 || b[i-1] != '\r' {
		return nil, nil, bad("a header line does not end in CR LF")
	}
	return b[:i-1], b[i+1:], nil
}

func (h *head) requestLine(line []byte) error {
	if len(line) > maxLine {
		return &refusal{414, "the request line is longer than 8 KiB"}
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
	h.close = h.old
	return h.target(target)
}

// target finds the path in a request target: origin form (/run?x), absolute
// form (http://host/run) or an asterisk (RFC 9112, section 3.2).
func (h *head) target(t []byte) error {
	for _, c := range t {
		if c <= ' ' || c == 0x7f {
			return bad("blank or control character in the request target")
		}
	}
	if scheme, after, ok := bytes.Cut(t, []byte("://")); ok && len(t) > 0 && t[0] != '/' && isToken(scheme) {
		t = after
		if i := bytes.IndexAny(t, "/?#"); i < 0 {
			t = []byte("/")
		} else {
			t = t[i:]
		}
	}
	if i := bytes.IndexAny(t, "?#"); i >= 0 {
		t = t[:i]
	}
	if len(t) == 0 || t[0] != '/' && string(t) != "*" {
		return bad("malformed request target")
	}
	if bytes.IndexByte(t, '%') < 0 {
		h.path = intern(t)
		return nil
	}
	path := make([]byte, 0, len(t))
	for i := 0; i < len(t); i++ {
		c := t[i]
		if c == '%' {
			if i+2 >= len(t) || unhex(t[i+1]) > 15 || unhex(t[i+2]) > 15 {
				return bad("malformed escape in the request target")
			}
			c = unhex(t[i+1])<<4 | unhex(t[i+2])
			i += 2
		}
		path = append(path, c)
	}
	h.path = string(path)
	return nil
}

func (h *head) field(line []byte) error {
	i := bytes.IndexByte(line, ':')
	if i < 1 || !isToken(line[:i]) {
		return bad("malformed header field")
	}
	name, value := line[:i], trimBlanks(line[i+1:])
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
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
		if !is(value, "100-continue") {
			return &refusal{417, "the only expectation met here is 100-continue"}
		}
		h.expect = true
	case is(name, "host"):
		h.hosts++
		for _, c := range value {
			if c <= ' ' || bytes.IndexByte([]byte("\"#/<>?@\\^`{|}"), c) >= 0 {
				return bad("malformed Host")
			}
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
		case is(option, "keep-alive") && h.old:
			h.close = false
		}
	}
}

func (h *head) consistent() error {
	if h.hosts > 1 || h.hosts == 0 && !h.old {
		return bad("an HTTP/1.1 request has one Host field")
	}
	return nil
}

// intern gives the strings that every request carries without an allocation.
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

// isToken reports whether b is a token of RFC 9110, section 5.6.2.
func isToken(b []byte) bool {
	for _, c := range b {
		lower := c | 0x20
		if !isDigit(c) && (lower < 'a' || lower > 'z') && bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) < 0 {
			return false
		}
	}
	return len(b) > 0
}

// unhex is the value of a hexadecimal digit, more than 15 for anything else.
func unhex(c byte) byte {
	switch lower := c | 0x20; {
	case isDigit(c):
		return c - '0'
	case 'a' <= lower && lower <= 'f':
		return lower - 'a' + 10
	}
	return 0xff
}
