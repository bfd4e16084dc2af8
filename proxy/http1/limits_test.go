//go:build linux

package http1

import (
	"strings"
	"testing"
)

func TestLimits(t *testing.T) {
	const maxBody = 100_000
	head := func(fields string) string { return "POST /a HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n\r\n" }
	filled := func(size int) string { // a header of this size
		h := head("A: ")
		return head("A: " + strings.Repeat("x", size-len(h)))
	}
	line := func(size int) string {
		const rest = "POST / HTTP/1.1"
		return "POST /" + strings.Repeat("a", size-len(rest)) + " HTTP/1.1\r\nHost: x\r\n\r\n"
	}
	chunked := func(body string) string {
		return head("Transfer-Encoding: chunked") + "1\r\n" + body[:1] + "\r\n186A0\r\n" + body[1:] + "\r\n0\r\n\r\n"
	}
	tests := []struct {
		name, request string
		status        int
	}{
		{"longest line", line(maxLine), 200},
		{"line too long", line(maxLine + 1), 414},
		{"line longer than a header", line(maxHead + 1), 414},
		{"line without end", "GET /" + strings.Repeat("a", maxHead), 414},
		{"largest header", filled(maxHead), 200},
		{"header too large", filled(maxHead + 1), 431},
		{"header without end", head("")[:20] + strings.Repeat("A: b\r\n", maxHead/6+1), 431},
		{"longest body", head("Content-Length: 100000") + strings.Repeat("x", maxBody), 200},
		{"body too long", head("Content-Length: 100001") + strings.Repeat("x", maxBody), 413},
		{"body far too long", head("Content-Length: 999999999999999999"), 413},
		{"longest in chunks", head("Transfer-Encoding: chunked") + "186A0\r\n" + strings.Repeat("x", maxBody) + "\r\n0\r\n\r\n", 200},
		{"too long in chunks", chunked(strings.Repeat("x", maxBody+1)), 413},
		{"chunk far too long", head("Transfer-Encoding: chunked") + "fffffffffffffff\r\n" + strings.Repeat("x", maxBody+1), 413},
		{"too many extensions", head("Transfer-Encoding: chunked") + strings.Repeat("1;"+strings.Repeat("a", 8000)+"\r\nx\r\n", 4), 400},
		{"trailer too large", head("Transfer-Encoding: chunked") + "0\r\n" + strings.Repeat("A: b\r\n", maxLine), 431},
	}
	s := serve(t, &Server{Handler: echoing(), MaxBody: maxBody})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, s)
			c.send(test.request)
			r := c.expect(test.status, "")
			if test.status != 200 {
				if !r.Close {
					t.Error("the answer does not say that the connection ends")
				}
				c.CloseWrite()
				c.expectEnd()
			}
		})
	}
	s.eventually(t, "no request", func() bool { return s.unfinished == 0 })
}

// A streamed body is as long as it likes.
func TestStreamedBodyHasNoLimit(t *testing.T) {
	var got int
	s := serve(t, &Server{MaxBody: 10, Handler: &funcs{stream: func(r *Request, b *Body) {
		for {
			piece, err := b.Next()
			if err != nil {
				break
			}
			got += len(piece)
		}
		r.Answer(200, nil)
	}}})
	c := dial(t, s)
	body := strings.Repeat("x", 20<<20)
	go c.send(post("/stream", body))
	c.expect(200, "")
	if got != len(body) {
		t.Errorf("%d bytes, want %d", got, len(body))
	}
}
