//go:build linux

package http1

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A generator makes requests: good ones, and such as servers have been known to disagree about.
type generator struct{ *rand.Rand }

// pick gives the first of the choices more often than the others.
func (g generator) pick(usual string, odd ...string) string {
	if len(odd) == 0 || g.IntN(100) < 96 {
		return usual
	}
	return odd[g.IntN(len(odd))]
}

func (g generator) any(choices ...string) string { return choices[g.IntN(len(choices))] }

// connection is what a client sends on one connection.
func (g generator) connection() []byte {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		b.WriteString(g.request())
	}
	out := []byte(b.String())
	for range g.IntN(8) / 6 * (1 + g.IntN(3)) {
		out = g.mutate(out)
	}
	return out
}

func (g generator) request() string {
	const eol = "\r\n"
	var b strings.Builder
	b.WriteString(g.pick("", eol, eol+eol, "\n", "\r", " "))
	b.WriteString(g.pick("POST", "GET", "HEAD", "PUT", "OPTIONS", "CONNECT", "post", "P@ST", "", "PO ST", "!#$%&'*+-.^_`|~"))
	b.WriteString(g.pick(" ", "  ", "\t"))
	b.WriteString(g.pick("/run", "/init", "/", "*", "/run?a=b", "/a%20b", "/%zz", "/%", "/a#b", "//x/y", "/../run", "run", "",
		"http://host/run", "http://host", "http://", "http:///run", "HTTP://h:8/x?y", "https://h/%41", "ftp://h/x", "host:80", "/\x00", "/\x80", "/a b",
		"http://u@h/x", "http://[::1]/x", "http://[::1/x", "1http://h/x", "/a:b", "a:b", "?x", "/"+strings.Repeat("a", 300), "/"+strings.Repeat("a", maxLine)))
	b.WriteString(g.pick(" ", "  ", "\t"))
	version := g.pick("HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "HTTP/1.10", "http/1.1", "HTTP/1", "HTTP/1.1 ", "HTTP/+1.1", "")
	b.WriteString(version + g.eol())
	if g.IntN(100) < 95 {
		b.WriteString("Host" + g.colon() + g.pick("x", "", "x:80", "[::1]", "[::1", "a b", "a/b", "a@b", "a,b", "\xc3\xa4", "a_b", "a|b", "a\x00") + g.eol())
	}
	body := []string{"", "abc", `{"value":{}}`, strings.Repeat("x", 5000)}[g.IntN(4)]
	for range g.IntN(4) {
		b.WriteString(g.field())
	}
	switch g.IntN(6) {
	case 0:
	case 1, 2:
		b.WriteString(g.length(len(body)) + g.end() + body)
		return b.String()
	case 3, 4:
		b.WriteString(g.coding() + g.end() + g.chunks(body))
		return b.String()
	case 5:
		b.WriteString(g.pick(g.length(len(body))+g.coding(), g.coding()+g.length(len(body)), g.length(len(body))+g.length(len(body)),
			g.length(len(body))+g.length(len(body)+1), g.coding()+g.coding()) + g.end() + g.pick(body, g.chunks(body)))
		return b.String()
	}
	b.WriteString(g.end())
	return b.String()
}

func (g generator) eol() string {
	if g.IntN(100) < 99 {
		return "\r\n"
	}
	return g.pick("\n", "\r", "\r\r\n", "\n\r", " \r\n")
}

func (g generator) end() string { return g.eol() }

func (g generator) colon() string {
	if g.IntN(100) < 95 {
		return g.pick(": ", ":", ":\t", ":  ")
	}
	return g.pick(" : ", "\t:", "", " ", "::")
}

func (g generator) field() string {
	name := g.pick("Accept", "User-Agent", "Connection", "Connection", "Connection", "Expect", "X-"+strings.Repeat("y", g.IntN(50)), "x_y", "A B", "", "\x00",
		"\xff", "Keep-Alive", "Upgrade", "Trailer", "Content-Type", "cONNECTION")
	value := g.pick("*/*", "close", "keep-alive", "Close", "keep-alive, close", "close,x", "upgrade", "100-continue", "100-Continue", "tea", "", " ", "a\tb",
		"a\r\n b", "a\r\n\tb", "a\nb", "a\rb", "a\x00b", "a\x7fb", "\xff\xfe", "h2c", "Content-Length", strings.Repeat("z", g.IntN(3000)), strings.Repeat("z", maxHead))
	return name + g.colon() + value + g.eol()
}

func (g generator) length(n int) string {
	name := g.pick("Content-Length", "content-length", "CONTENT-LENGTH", "Content_Length", "Content-Length\t", "Content-Length ")
	value := g.pick(fmt.Sprint(n), fmt.Sprintf("+%d", n), fmt.Sprintf("-%d", n), fmt.Sprintf("0%d", n), fmt.Sprintf("%d, %d", n, n), fmt.Sprintf(" %d ", n),
		fmt.Sprintf("0x%x", n), "", "99999999999999999999", "18446744073709551616", fmt.Sprintf("%022d", n), fmt.Sprintf("%d\x00", n), fmt.Sprintf("%d\t", n),
		fmt.Sprintf("%d;", n), fmt.Sprintf("%d %d", n, n), fmt.Sprint(n+1), "1000000000", fmt.Sprintf("\"%d\"", n), fmt.Sprintf("\x0b%d", n))
	return name + g.colon() + value + g.eol()
}

func (g generator) coding() string {
	name := g.pick("Transfer-Encoding", "transfer-encoding", "Transfer_Encoding", "Transfer-Encoding ", "TRANSFER-ENCODING")
	value := g.pick("chunked", "Chunked", "CHUNKED", "chunked ", "\tchunked", "identity", "gzip, chunked", "chunked, chunked", "chunked, identity", "xchunked",
		"\"chunked\"", "chunked;q=1", ",chunked", "", "chunked\x00", "\x0bchunked", "chunked\r\n x")
	return name + g.colon() + value + g.eol()
}

func (g generator) chunks(body string) string {
	var b strings.Builder
	for body != "" {
		n := 1 + g.IntN(len(body))
		size := g.pick(fmt.Sprintf("%x", n), fmt.Sprintf("%X", n), fmt.Sprintf("0%x", n), fmt.Sprintf("%x;a=b", n), fmt.Sprintf("%x;a=\"b;c\"", n))
		if g.IntN(100) < 10 {
			size = g.any(fmt.Sprintf("+%x", n), fmt.Sprintf("0x%x", n), fmt.Sprintf("%x ", n), fmt.Sprintf(" %x", n), "", fmt.Sprintf("%x ;a", n),
				fmt.Sprintf("%x;a\x00", n), fmt.Sprintf("%x;a\x01", n), fmt.Sprintf("%016x", n), fmt.Sprintf("%017x", n), fmt.Sprintf("%x;%s", n, strings.Repeat("e", 4000)), "-1",
				"ffffffffffffffff", fmt.Sprintf("%x,", n), fmt.Sprintf("%x\t", n))
		}
		b.WriteString(size + g.eol() + body[:n] + g.eol())
		body = body[n:]
	}
	b.WriteString(g.pick("0", "000", "0;x", "0 ", "", "00000000000000000") + g.eol())
	for range g.IntN(3) / 2 {
		b.WriteString(g.pick("A: b", "Content-Length: 5", "A", "A : b", " a: b", "A: b\x00", "GET / HTTP/1.1", ": x") + g.eol())
	}
	b.WriteString(g.eol())
	return b.String()
}

// mutate changes a byte or two, or repeats or drops a part.
func (g generator) mutate(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	odd := []byte("\r\n \t:;,0\x00\x7f\x80aA/%")
	i := g.IntN(len(b))
	switch g.IntN(5) {
	case 0:
		b[i] = odd[g.IntN(len(odd))]
	case 1:
		b[i] ^= 1 << g.IntN(8)
	case 2:
		return append(b[:i], b[i+1:]...)
	case 3:
		return append(b[:i:i], append([]byte{odd[g.IntN(len(odd))]}, b[i:]...)...)
	case 4:
		j := min(len(b), i+g.IntN(40))
		return append(b[:j:j], b[i:]...)
	}
	return b
}
