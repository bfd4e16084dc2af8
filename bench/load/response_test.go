//go:build linux

package load

import (
	"strings"
	"testing"
)

func TestParseHead(t *testing.T) {
	tests := []struct {
		name string
		head string
		want head
		err  string // part of it; "" for none
	}{
		{"plain", "HTTP/1.1 200 OK\r\nContent-Length: 12", head{200, 12, false}, ""},
		{"any case, no blank, other fields", "HTTP/1.1 502 Bad Gateway\r\nX: y\r\ncontent-LENGTH:0\r\nDate: now", head{502, 0, false}, ""},
		{"closing", "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 1", head{200, 1, true}, ""},
		{"HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 1", head{200, 1, true}, ""},
		{"HTTP/1.0 kept alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1", head{200, 1, false}, ""},
		{"no reason", "HTTP/1.1 200\r\nContent-Length: 1", head{200, 1, false}, ""},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", head{}, "no Content-Length"},
		{"bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1", head{}, "content length"},
		{"no status", "HTTP/1.1 abc OK\r\nContent-Length: 1", head{}, "status line"},
		{"not HTTP", "SSH-2.0-OpenSSH_9.9 xx", head{}, "status line"},
		{"empty", "", head{}, "status line"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseHead([]byte(test.head))
			if got != test.want {
				t.Errorf("head %+v, want %+v", got, test.want)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

// feed gives the response the bytes in pieces of size, as a socket might.
func feed(r *response, s string, size int) (complete bool, err error) {
	for len(s) > 0 && !complete && err == nil {
		n := copy(r.room(), s[:min(size, len(s))])
		s = s[n:]
		complete, err = r.add(n)
	}
	return complete, err
}

func TestResponseInPieces(t *testing.T) {
	body := strings.Repeat("x", 3*firstBuffer)
	message := "HTTP/1.1 200 OK\r\nContent-Length: 49152\r\n\r\n" + body
	var r response
	for _, size := range []int{1, 7, 4096, 1 << 20} {
		r.reset()
		complete, err := feed(&r, message, size)
		if err != nil || !complete || string(r.content()) != body {
			t.Errorf("pieces of %d: complete %v, %d bytes, error %v", size, complete, len(r.content()), err)
		}
	}
	r.reset()
	if complete, err := feed(&r, message[:len(message)-1], 4096); complete || err != nil {
		t.Errorf("a cut answer: complete %v, error %v", complete, err)
	}
}

func TestSurplusBytesAreNoticed(t *testing.T) {
	var r response
	if _, err := feed(&r, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy", 1<<20); err != errSurplus {
		t.Errorf("error %v, want %v", err, errSurplus)
	}
}

func FuzzParseHead(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close")
	f.Add("HTTP/1.0 099\r\n:\r\n\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseHead([]byte(s))
		if err == nil && (h.status < 100 || h.status > 999 || h.length < 0) {
			t.Errorf("%q gave %+v", s, h)
		}
	})
}
