package stream

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// A Collection is a stream on its way to a client that takes answers of one piece.
type Collection struct {
	Header Header
	Max    int // how long the answer may be, in bytes (OW_STREAM_MAX)
	body   []byte
	began  bool
}

// DefaultMax is the longest answer where OW_STREAM_MAX is not set, which is OpenWhisk's own limit.
const DefaultMax = 1_000_000

// TooLong is the result of a run whose stream was.
const TooLong = `{"error":"the stream is longer than OW_STREAM_MAX"}`

// Begin takes the head.
func (c *Collection) Begin(h Header) { c.Header, c.began = h, true }

// Add takes a piece, and a LF after it if line says so. It reports false when the stream is too long, whatever the
// result will be.
func (c *Collection) Add(piece []byte, line bool) bool {
	c.began = true
	c.body = append(c.body, piece...)
	if line {
		c.body = append(c.body, '\n')
	}
	return len(c.body) <= c.Max
}

// Append appends the answer to b: the result with the stream as its body. A note, which is for the log, tells that the
// stream has no place in the result. A result that is no object or array is appended as it is.
func (c *Collection) Append(b, result []byte) (answer []byte, note string) {
	if !c.began {
		return append(b, result...), ""
	}
	if len(c.body) > c.Max {
		return append(b, TooLong...), ""
	}
	var status, headers, inTheWay bool
	members := jsonscan.Object(result)
	for members.Next() {
		switch string(members.Key) {
		case "statusCode":
			status = true
		case "headers":
			headers = true
		case "error", "body":
			inTheWay = true
		}
	}
	if inTheWay || members.Err() != nil {
		return append(b, result...), "the stream of " + strconv.Itoa(len(c.body)) + " bytes is dropped: the result is no object without error and body"
	}
	begin := len(b)
	b = append(b, jsonscan.Trim(result)...)
	b = b[:len(b)-1] // the closing brace
	if len(jsonscan.Trim(b[begin:])) > 1 {
		b = append(b, ',')
	}
	if !status && c.Header.Status != 0 {
		b = append(strconv.AppendInt(append(b, `"statusCode":`...), int64(c.Header.Status), 10), ',')
	}
	kind, _ := c.Header.contentType()
	text := isText(kind) && utf8.Valid(c.body)
	if !headers {
		b = c.appendHeaders(b, text)
	}
	b = append(b, `"body":`...)
	if text {
		b = jsonscan.AppendQuoted(b, string(c.body))
	} else {
		b = append(base64.StdEncoding.AppendEncode(append(b, '"'), c.body), '"')
	}
	if b = append(b, '}'); len(b)-begin > c.Max {
		return append(b[:begin], TooLong...), ""
	}
	return b, ""
}

// appendHeaders appends the member headers and a comma. It changes a textual type of a body that is not text: the
// platform takes a body of a textual type for text.
func (c *Collection) appendHeaders(b []byte, text bool) []byte {
	kind, _ := c.Header.contentType()
	if !text && isText(kind) {
		kind = "application/octet-stream"
	}
	b = append(b, `"headers":{"content-type":`...)
	b = jsonscan.AppendQuoted(b, kind)
	for _, f := range c.Header.Fields {
		if lower(f.Name) != "content-type" {
			b = append(jsonscan.AppendQuoted(append(b, ','), f.Name), ':')
			b = jsonscan.AppendQuoted(b, f.Value)
		}
	}
	return append(b, "},"...)
}
