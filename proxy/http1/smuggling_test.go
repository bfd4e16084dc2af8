//go:build linux

package http1

import (
	"net/http"
	"strings"
	"testing"
)

// What one server takes for a body and another for the next request must be refused, and the connection must end, so
// that nothing behind it is served. The cases are those by which proxies and servers were led to disagree (CL.TE,
// TE.CL, TE.TE, CL.CL, CL.0, TE.0, chunk extensions, trailers, line ends).
func TestSmuggling(t *testing.T) {
	const hidden = "POST /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
	const start = "POST /run HTTP/1.1\r\nHost: x\r\n"
	tests := []struct{ name, in string }{
		{"CL.TE", start + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE.CL", start + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n20\r\n" + hidden + "0\r\n\r\n"},
		{"TE.TE: another coding", start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" + hidden},
		{"TE.TE: twice", start + "Transfer-Encoding: chunked\r\nTransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE.TE: list", start + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + hidden},
		{"TE.TE: list, chunked last", start + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: prefix", start + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: vertical tab", start + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: no-break space", start + "Transfer-Encoding: \u00a0chunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: quoted", start + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: parameter", start + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: empty", start + "Transfer-Encoding:\r\nContent-Length: 0\r\n\r\n" + hidden},
		{"TE: blank before the colon", start + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: tab before the colon", start + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: folded", start + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: behind a bare LF", start + "A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: behind a bare CR", start + "A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: blank before the name", start + " Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden},
		{"TE: NUL", start + "Transfer-Encoding: chunked\x00\r\n\r\n0\r\n\r\n" + hidden},
		{"TE in HTTP/1.0", "POST /run HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden},
		{"CL.CL: different", start + "Content-Length: 0\r\nContent-Length: 34\r\n\r\n" + hidden},
		{"CL.CL: equal", start + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + hidden},
		{"CL: list", start + "Content-Length: 0, 34\r\n\r\n" + hidden},
		{"CL: plus", start + "Content-Length: +34\r\n\r\n" + hidden},
		{"CL: minus", start + "Content-Length: -1\r\n\r\n" + hidden},
		{"CL: hexadecimal", start + "Content-Length: 0x22\r\n\r\n" + hidden},
		{"CL: blank inside", start + "Content-Length: 3 4\r\n\r\n" + hidden},
		{"CL: empty", start + "Content-Length:\r\n\r\n" + hidden},
		{"CL: wraps around 64 bits", start + "Content-Length: 18446744073709551616\r\n\r\n" + hidden},
		{"CL: blank before the colon", start + "Content-Length : 34\r\n\r\n" + hidden},
		{"CL: blank in the name", start + "Content Length: 34\r\n\r\n" + hidden},
		{"CL: folded", start + "Content-Length:\r\n 34\r\n\r\n" + hidden},
		{"CL: behind a bare CR", start + "A: b\rContent-Length: 34\r\n\r\n" + hidden},
		{"CL: other digits", start + "Content-Length: \u0663\u0664\r\n\r\n" + hidden},
		{"field ended by LF CR", start + "A: b\n\rContent-Length: 34\r\n\r\n" + hidden},
		{"header ended by LF LF", start + "A: b\n\n" + hidden},
		{"header ended by CR LF LF", start + "A: b\r\n\n" + hidden},
		{"two hosts", start + "Host: y\r\n\r\n" + hidden},
		{"chunk size: wraps around 64 bits", start + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n" + hidden},
		{"chunk size: prefix", start + "Transfer-Encoding: chunked\r\n\r\n0x22\r\n" + hidden + "\r\n0\r\n\r\n"},
		{"chunk size: plus", start + "Transfer-Encoding: chunked\r\n\r\n+22\r\n" + hidden + "\r\n0\r\n\r\n"},
		{"chunk size: minus", start + "Transfer-Encoding: chunked\r\n\r\n-1\r\n" + hidden + "\r\n0\r\n\r\n"},
		{"chunk size: underscore", start + "Transfer-Encoding: chunked\r\n\r\n2_2\r\n" + hidden + "\r\n0\r\n\r\n"},
		{"chunk size: empty", start + "Transfer-Encoding: chunked\r\n\r\n\r\n\r\n" + hidden},
		{"chunk size ended by LF", start + "Transfer-Encoding: chunked\r\n\r\n0\n\r\n" + hidden},
		{"chunk size ended by CR", start + "Transfer-Encoding: chunked\r\n\r\n0\r\r\n" + hidden},
		{"chunk extension with LF", start + "Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n22\r\n0\r\n\r\n" + hidden + "\r\n0\r\n\r\n"},
		{"chunk extension with CR", start + "Transfer-Encoding: chunked\r\n\r\n2;\rxx\r\n22\r\n0\r\n\r\n" + hidden + "\r\n0\r\n\r\n"},
		{"chunk longer than its size", start + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n" + hidden},
		{"chunk ended by LF", start + "Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n" + hidden},
		{"request for a trailer", start + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + hidden},
		{"trailer ended by LF", start + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\n" + hidden},
		{"HTTP/0.9", "GET /run\r\n\r\n" + hidden},
		{"two requests in the line", "GET /a HTTP/1.1 GET /b HTTP/1.1\r\nHost: x\r\n\r\n" + hidden},
		{"CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n" + hidden},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n" + hidden},
	}
	s := serve(t, &Server{Handler: &funcs{
		serve: func(r *Request) {
			t.Errorf("served: %s %s %q", r.Method, r.Path, r.Body)
			r.Answer(200, nil)
		},
		stream: func(r *Request, b *Body) {
			if _, err := drain(b); err == nil {
				t.Error("a body of doubtful length was read to its end")
			}
			r.Answer(400, nil)
		},
	}})
	for _, test := range tests {
		for _, path := range []string{"/run", "/stream"} {
			t.Run(test.name+" "+path, func(t *testing.T) {
				c := dial(t, s)
				c.send(strings.Replace(test.in, "/run", path, 1))
				c.CloseWrite()
				r, body := c.answer("POST")
				if r.StatusCode < 400 || !r.Close {
					t.Errorf("answer %d %s, close %v", r.StatusCode, body, r.Close)
				}
				c.expectEnd()
			})
		}
	}
}

// What is no smuggling but looks a bit like it is served, each request for itself.
func TestNoSmuggling(t *testing.T) {
	s := serve(t, &Server{Handler: echoing()})
	const next = "POST /next HTTP/1.1\r\nHost: x\r\n\r\n"
	tests := []struct{ name, in, body string }{
		{"request in a body", "POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\n" + next + next, next},
		{"request in a chunk", "POST /run HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n" + next + "\r\n0\r\n\r\n" + next, next},
		{"length in a trailer", "POST /run HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 32\r\n\r\n" + next, ""},
		{"GET with a body", "GET /run HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\n" + next + next, next},
		{"HEAD with a body", "HEAD /run HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\n" + next + next, next},
		{"underscores", "POST /run HTTP/1.1\r\nHost: x\r\nContent_Length: 36\r\nTransfer_Encoding: chunked\r\n\r\n" + next, ""},
		{"length named in Connection", "POST /run HTTP/1.1\r\nHost: x\r\nConnection: Content-Length\r\nContent-Length: 32\r\n\r\n" + next + next, next},
		{"upgrade to HTTP/2", "POST /run HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" + next, ""},
		{"CR LF behind the body", post("/run", "") + "\r\n" + next, ""},
	}
	for _, test := range tests {
		for _, path := range []string{"/run", "/stream"} {
			t.Run(test.name+" "+path, func(t *testing.T) {
				c := dial(t, s)
				c.send(strings.Replace(test.in, "/run", path, 1))
				method, _, _ := strings.Cut(test.in, " ")
				want := method + " " + path + " " + test.body
				if method == http.MethodHead {
					want = ""
				}
				if _, body := c.answer(method); body != want {
					t.Fatalf("answer %q, want %q", body, want)
				}
				c.expect(200, "POST /next ")
			})
		}
	}
}
