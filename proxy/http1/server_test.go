//go:build linux

package http1

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestKeepAlive(t *testing.T) {
	s := serve(t, &Server{Handler: echoing()})
	c := dial(t, s)
	for _, path := range []string{"/a", "/stream", "/b", "/stream/2"} {
		for _, body := range []string{"", "x", strings.Repeat("y", 5000), strings.Repeat("z", 300_000)} {
			c.send(post(path, body))
			c.expect(200, "POST "+path+" "+body)
		}
	}
	c.Close()
	s.expectIdle(t)
}

func TestAddresses(t *testing.T) {
	s := serve(t, &Server{Handler: echoing()})
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			if l, err := net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
				t.Skip("this machine has no such address: ", err)
			} else {
				l.Close()
			}
			c := dialAt(t, s, host)
			c.send(post("/a", "b"))
			c.expect(200, "POST /a b")
		})
	}
}

func TestPortInUse(t *testing.T) {
	s := serve(t, &Server{Handler: echoing()})
	other := &Server{Handler: echoing(), Loop: newLoop(t)}
	defer other.Loop.Free()
	if err := other.Listen(s.Port()); err == nil {
		t.Fatal("two servers listen on one port")
	}
}

func TestAnswerHeader(t *testing.T) {
	tests := []struct {
		name, request string
		status        int
		want          map[string]string
		close         bool
	}{
		{"a run", "POST /run HTTP/1.1\r\nHost: x\r\n\r\n", 200, map[string]string{
			"Content-Type": "application/json", "Content-Length": "4", "Connection": "", "Transfer-Encoding": ""}, false},
		{"asks to close", "POST /run HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n", 200, map[string]string{"Connection": "close"}, true},
		{"asks in two fields", "POST /run HTTP/1.1\r\nHost: x\r\nConnection: foo\r\nConnection: close\r\n\r\n", 200, nil, true},
		{"1.0", "POST /run HTTP/1.0\r\n\r\n", 200, map[string]string{"Connection": "close"}, true},
		{"1.0, kept", "POST /run HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200, map[string]string{"Connection": "keep-alive"}, false},
		{"1.0, kept and closed", "POST /run HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n", 200, map[string]string{"Connection": "close"}, true},
		{"method", "PUT /405 HTTP/1.1\r\nHost: x\r\n\r\n", 405, map[string]string{"Allow": "POST"}, false},
		{"HEAD", "HEAD /run HTTP/1.1\r\nHost: x\r\n\r\n", 200, map[string]string{"Content-Length": "4"}, false},
		{"refused HEAD", "HEAD /run HTTP/1.1\r\n\r\n", 400, map[string]string{"Connection": "close"}, true},
		{"HEAD with a body", "HEAD /run HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", 200, nil, false},
	}
	s := serve(t, &Server{Handler: &funcs{serve: func(r *Request) {
		if status, err := strconv.Atoi(r.Path[1:]); err == nil {
			r.Answer(status, []byte("null"))
			return
		}
		r.Answer(200, []byte("null"))
	}}})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, s)
			c.send(test.request)
			method, _, _ := strings.Cut(test.request, " ")
			r, body := c.answer(method)
			if r.StatusCode != test.status {
				t.Errorf("status %d, want %d (%s)", r.StatusCode, test.status, body)
			}
			for name, want := range test.want {
				// ReadResponse takes "Connection: close" out and keeps it as Close.
				if got := r.Header.Get(name); got != want && !(name == "Connection" && want == "close" && r.Close) {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if method == "HEAD" && body != "" {
				t.Errorf("body %q in the answer to HEAD", body)
			}
			if test.close {
				c.expectEnd()
				return
			}
			c.send(post("/again", ""))
			c.expect(200, "null")
		})
	}
}

func TestEveryStatusHasAText(t *testing.T) {
	s := serve(t, &Server{Handler: &funcs{serve: func(r *Request) {
		status, _ := strconv.Atoi(r.Path[1:])
		r.Answer(status, nil)
	}}})
	c := dial(t, s)
	for _, status := range []int{200, 400, 403, 404, 405, 413, 414, 417, 431, 500, 501, 502, 503, 505} {
		c.send(post("/"+strconv.Itoa(status), ""))
		r := c.expect(status, "")
		want := http.StatusText(status)
		switch status { // net/http keeps names from before RFC 9110
		case 413:
			want = "Content Too Large"
		case 414:
			want = "URI Too Long"
		}
		if got := strings.TrimPrefix(r.Status, strconv.Itoa(status)+" "); got != want {
			t.Errorf("%d is %q, want %q", status, got, want)
		}
	}
}
