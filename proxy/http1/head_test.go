package http1

import (
	"errors"
	"strings"
	"testing"
)

func TestParseHead(t *testing.T) {
	// A want of 0 is a head that is accepted.
	tests := []struct {
		name, in string
		status   int
		want     head
	}{
		{"smallest", "GET / HTTP/1.1|Host:", 0, head{method: "GET", path: "/", hosts: 1}},
		{"HTTP/1.0 needs no host", "GET / HTTP/1.0", 0, head{method: "GET", path: "/", old: true, close: true}},
		{"HTTP/1.0 kept", "GET / HTTP/1.0|connection:\tKEEP-ALIVE ", 0, head{method: "GET", path: "/", old: true, keep: true}},
		{"close wins over keep-alive", "GET / HTTP/1.0|Connection: close|Connection: keep-alive", 0, head{method: "GET", path: "/", old: true, keep: true, close: true}},
		{"a later minor version is 1.1", "GET / HTTP/1.7|Host: x", 0, head{method: "GET", path: "/", hosts: 1}},
		{"length", "POST /run HTTP/1.1|host: x|CONTENT-LENGTH:\t 012 \t", 0, head{method: "POST", path: "/run", hosts: 1, lengths: 1, length: 12}},
		{"chunks", "POST /run HTTP/1.1|Host: x|transfer-encoding: Chunked", 0, head{method: "POST", path: "/run", hosts: 1, lengths: 1, length: noLength}},
		{"expectation", "POST /run HTTP/1.1|Host: x|Expect: 100-CONTINUE", 0, head{method: "POST", path: "/run", hosts: 1, expect: true}},
		{"close among options", "GET / HTTP/1.1|Host: x|Connection: ,upgrade ,\tCLOSE,,", 0, head{method: "GET", path: "/", hosts: 1, close: true}},
		{"an option that begins with close", "GET / HTTP/1.1|Host: x|Connection: close-not", 0, head{method: "GET", path: "/", hosts: 1}},
		{"a method of its own", "a!#$%&'*+-.^_`|~9 / HTTP/1.1|Host: x", 0, head{method: "a!#$%&'*+-.^_`", path: "", hosts: 1}},
		{"bytes beyond ASCII in a value", "GET / HTTP/1.1|Host: x|A: \xff\xc3\xa4", 0, head{method: "GET", path: "/", hosts: 1}},
		{"host and port", "GET / HTTP/1.1|Host: [::1%25a]:80", 0, head{method: "GET", path: "/", hosts: 1}},

		{"empty line", "", 400, head{}},
		{"no version", "GET /", 400, head{}},
		{"no target", "GET  HTTP/1.1|Host: x", 400, head{}},
		{"no method", " / HTTP/1.1|Host: x", 400, head{}},
		{"HTTP/0.9", "GET / HTTP/0.9|Host: x", 505, head{}},
		{"HTTP/2.0", "PRI * HTTP/2.0", 505, head{}},
		{"lower-case version", "GET / http/1.1|Host: x", 400, head{}},
		{"long version", "GET / HTTP/1.10|Host: x", 400, head{}},
		{"another protocol", "GET / SPDY/1.1|Host: x", 400, head{}},
		{"blank at the end of the line", "GET / HTTP/1.1 |Host: x", 400, head{}},
		{"tab for a blank", "GET\t/ HTTP/1.1|Host: x", 400, head{}},
		{"blank in the target", "GET /a b HTTP/1.1|Host: x", 400, head{}},
		{"brackets in the method", "G[T / HTTP/1.1|Host: x", 400, head{}},
		{"no host", "GET / HTTP/1.1", 400, head{}},
		{"two hosts", "GET / HTTP/1.1|Host: x|Host: x", 400, head{}},
		{"two hosts in HTTP/1.0", "GET / HTTP/1.0|Host: x|Host: x", 400, head{}},
		{"blank in the host", "GET / HTTP/1.1|Host: a b", 400, head{}},
		{"slash in the host", "GET / HTTP/1.1|Host: a/b", 400, head{}},
		{"user in the host", "GET / HTTP/1.1|Host: a@b", 400, head{}},
		{"bytes beyond ASCII in the host", "GET / HTTP/1.1|Host: \xc3\xa4", 400, head{}},
		{"field without a colon", "GET / HTTP/1.1|Host: x|A", 400, head{}},
		{"field without a name", "GET / HTTP/1.1|Host: x|: a", 400, head{}},
		{"blank before the colon", "GET / HTTP/1.1|Host: x|Content-Length : 1", 400, head{}},
		{"blank in a name", "GET / HTTP/1.1|Host: x|A B: c", 400, head{}},
		{"blank before the first field", "GET / HTTP/1.1| Host: x", 400, head{}},
		{"folded field", "GET / HTTP/1.1|Host: x|A: b| c", 400, head{}},
		{"NUL in a name", "GET / HTTP/1.1|Host: x|A\x00: b", 400, head{}},
		{"NUL in a value", "GET / HTTP/1.1|Host: x|A: b\x00", 400, head{}},
		{"CR in a value", "GET / HTTP/1.1|Host: x|A: b\rContent-Length: 1", 400, head{}},
		{"LF in a value", "GET / HTTP/1.1|Host: x|A: b\nContent-Length: 1", 400, head{}},
		{"LF for CR LF", "GET / HTTP/1.1\nHost: x", 400, head{}},
		{"DEL in a value", "GET / HTTP/1.1|Host: x|A: \x7f", 400, head{}},
		{"another expectation", "GET / HTTP/1.1|Host: x|Expect: 200-ok", 417, head{}},
		{"another encoding", "GET / HTTP/1.1|Host: x|Transfer-Encoding: gzip, chunked", 501, head{}},
		{"chunks in HTTP/1.0", "GET / HTTP/1.0|Host: x|Transfer-Encoding: chunked", 400, head{}},
		{"long request line", "GET /" + strings.Repeat("a", maxLine) + " HTTP/1.1|Host: x", 414, head{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := strings.ReplaceAll(test.in, "|", "\r\n") + "\r\n\r\n"
			if strings.Contains(test.in, "`|~") { // the one method with a bar in it
				in = "a!#$%&'*+-.^_`|~9 / HTTP/1.1\r\nHost: x\r\n\r\n"
				test.want.method, test.want.path = "a!#$%&'*+-.^_`|~9", "/"
			}
			h, err := parseHead([]byte(in))
			var r *refusal
			switch {
			case errors.As(err, &r) && r.status != test.status:
				t.Errorf("status %d (%v), want %d", r.status, err, test.status)
			case err == nil && test.status != 0:
				t.Errorf("accepted as %+v, want status %d", h, test.status)
			case err == nil && h != test.want:
				t.Errorf("head %+v, want %+v", h, test.want)
			}
		})
	}
}

func TestLengths(t *testing.T) {
	good := map[string]int64{"0": 0, "00": 0, "7": 7, " 12\t": 12, "999999999999999999": 999999999999999999}
	for value, want := range good {
		h, err := parseHead([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length:" + value + "\r\n\r\n"))
		if err != nil || h.length != want {
			t.Errorf("length %q is %d, %v; want %d", value, h.length, err, want)
		}
	}
	bad := []string{"", " ", "+1", "-1", "-0", "1 1", "1,1", "1, 1", "0x1", "1e1", "1.0", "1;", "\"1\"", "one", "\xd9\xa1", "1\x00",
		"9223372036854775807", "9223372036854775808", "18446744073709551617", "0000000000000000001"}
	for _, value := range bad {
		if h, err := parseHead([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length:" + value + "\r\n\r\n")); err == nil {
			t.Errorf("length %q is accepted as %d", value, h.length)
		}
	}
}

func TestTarget(t *testing.T) {
	tests := []struct{ target, path string }{ // an empty path: refused
		{"/", "/"},
		{"/run", "/run"},
		{"/run?a=b/c", "/run"},
		{"/run?", "/run"},
		{"/r%75n", "/run"},
		{"/%2f%2F%00", "///\x00"},
		{"//host/run", "//host/run"},
		{"/run?%zz", "/run"},
		{"/://a", "/://a"},
		{"/\xc3\xa4", "/\xc3\xa4"},
		{"http://host/run?x", "/run"},
		{"HTTPS://h:1/run", "/run"},
		{"http://host", "/"},
		{"http://host?x", "/"},
		{"*", "*"},
		{"run", ""},
		{"host:80", ""},
		{"?x", ""},
		{"**", ""},
		{"/%", ""},
		{"/%2", ""},
		{"/%2g", ""},
		{"/%zz", ""},
		{"/run#x", ""},
		{"/\x7f", ""},
		{"/\x00", ""},
		{"/\r", ""},
		{"http:///run", ""},
		{"http://a b/run", ""},
		{"http://user@host/run", ""},
		{"ftp://host/run", ""},
		{"://host/run", ""},
	}
	for _, test := range tests {
		var h head
		if err := h.target([]byte(test.target)); h.path != test.path || (err == nil) != (test.path != "") {
			t.Errorf("target %q: path %q, %v; want %q", test.target, h.path, err, test.path)
		}
	}
}

func TestCharacters(t *testing.T) {
	for c := range 256 {
		b := []byte{byte(c)}
		alphanumeric := strings.Contains("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", string(b))
		if want := alphanumeric || c < 128 && strings.Contains("!#$%&'*+-.^_`|~", string(b)); isToken(b) != want {
			t.Errorf("isToken(%q) is %v", b, !want)
		}
		if want := alphanumeric || c < 128 && strings.Contains("!$%&'()*+,-.:;=_~", string(b)); isHost(b) != want {
			t.Errorf("isHost(%q) is %v", b, !want)
		}
	}
	for host, want := range map[string]bool{"": true, "[::1]": true, "[::1]:80": true, "[::1": false, "::1]": false, "a[::1]": false, "[[::1]]": false} {
		if isHost([]byte(host)) != want {
			t.Errorf("isHost(%q) is %v", host, !want)
		}
	}
	if isToken(nil) {
		t.Error("nothing is a token")
	}
}
