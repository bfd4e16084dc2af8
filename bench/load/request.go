//go:build linux

package load

import (
	"bytes"
	"strconv"
	"strings"
)

// idLength is the length of an id: "u" and eight digits.
const idLength = 9

// padding is what the value's pad is filled with: 64 characters that no JSON encoder escapes.
const padding = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

// request is the bytes of one POST whose body carries an id. The id is written
// in place before each sending, so that sending allocates nothing.
type request struct {
	bytes []byte
	at    int // where the id stands
}

// newRequest makes a run of path on host:
//
//	{"value":{"name":"u00000000","pad":"…"}}
//
// with pad characters of padding, or without the member when pad is 0. A closing one asks the server to close the
// connection after its answer.
func newRequest(host, path string, pad int, closing bool) request {
	id := "u" + strings.Repeat("0", idLength-1)
	body := `{"value":{"name":"` + id + `"`
	if pad > 0 {
		body += `,"pad":"` + strings.Repeat(padding, pad/len(padding)+1)[:pad] + `"`
	}
	message := postOf(host, path, []byte(body+"}}"))
	if closing {
		message = bytes.Replace(message, []byte("\r\n\r\n"), []byte("\r\nConnection: close\r\n\r\n"), 1)
	}
	return request{bytes: message, at: bytes.Index(message, []byte(id))}
}

// postOf is a POST with a JSON body, with the headers of the platform's client.
func postOf(host, path string, body []byte) []byte {
	head := "POST " + path + " HTTP/1.1\r\n" +
		"Host: " + host + "\r\n" +
		"User-Agent: bench\r\n" +
		"Content-Type: application/json\r\n" +
		"Accept: application/json\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	return append([]byte(head), body...)
}

// copy returns a copy for a connection.
func (r request) copy() request {
	return request{bytes: bytes.Clone(r.bytes), at: r.at}
}

// setID writes n as the id; only its last eight digits count.
func (r request) setID(n int) {
	for i := r.at + idLength - 1; i > r.at; i-- {
		r.bytes[i] = byte('0' + n%10)
		n /= 10
	}
}

// id is the id that setID wrote, as it stands in the body.
func (r request) id() []byte {
	return r.bytes[r.at : r.at+idLength]
}
