//go:build linux

package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// Errors of an answer that the platform could not use.
var (
	errStatusLine = errors.New("the answer does not begin with an HTTP/1.x status line")
	errNoLength   = errors.New("the answer has no Content-Length: the platform takes it for empty")
	errSurplus    = errors.New("more bytes than the answer's Content-Length")
)

// firstBuffer is the size in bytes of a response's buffer at first.
const firstBuffer = 16 << 10

// response collects the bytes of one answer until it is complete. Its buffer is used again for the next one.
type response struct {
	buffer []byte
	filled int // bytes of buffer that hold the answer
	body   int // where the body begins; 0 until the head is complete
	head   head
}

// head holds the parts of an answer's head that the load generator needs.
type head struct {
	status int
	length int // Content-Length in bytes
	close  bool
}

// reset forgets the answer.
func (r *response) reset() {
	r.filled, r.body, r.head = 0, 0, head{}
}

// room is the free part of the buffer, never empty: read into it, then call add.
func (r *response) room() []byte {
	want := r.filled + 1
	if r.body > 0 {
		want = max(want, r.body+r.head.length)
	}
	if want > len(r.buffer) {
		grown := make([]byte, max(want, 2*len(r.buffer), firstBuffer))
		copy(grown, r.buffer[:r.filled])
		r.buffer = grown
	}
	return r.buffer[r.filled:]
}

// add takes n more bytes, which were read into room, and tells whether the answer is complete.
func (r *response) add(n int) (complete bool, err error) {
	r.filled += n
	if r.body == 0 {
		end := bytes.Index(r.buffer[:r.filled], []byte("\r\n\r\n"))
		if end < 0 {
			return false, nil
		}
		if r.head, err = parseHead(r.buffer[:end]); err != nil {
			return false, err
		}
		r.body = end + len("\r\n\r\n")
	}
	missing := r.body + r.head.length - r.filled
	if missing < 0 {
		return false, errSurplus
	}
	return missing == 0, nil
}

// content is the body of a complete answer; it holds until the next reset.
func (r *response) content() []byte {
	return r.buffer[r.body:r.filled]
}

// parseHead reads an answer's head without its last line end. Chunked answers
// are errors (facts of the platform: its client takes them for empty).
func parseHead(b []byte) (head, error) {
	line, fields, _ := bytes.Cut(b, []byte("\r\n"))
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return head{}, errStatusLine
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil || status < 100 {
		return head{}, errStatusLine
	}
	h := head{status: status, length: -1, close: line[7] == '0'}
	for len(fields) > 0 {
		line, fields, _ = bytes.Cut(fields, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			n, err := strconv.ParseUint(string(value), 10, 31)
			if err != nil {
				return head{}, fmt.Errorf("content length %q of the answer: %w", value, err)
			}
			h.length = int(n)
		case bytes.EqualFold(name, []byte("Connection")):
			h.close = bytes.EqualFold(value, []byte("close"))
		}
	}
	if h.length < 0 {
		return head{}, errNoLength
	}
	return h, nil
}
