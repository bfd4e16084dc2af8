//go:build linux

package http1

import (
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// A difference is a case in which we accept less than net/http, or more, and why.
type difference struct {
	reason string         // of our refusal; for what we accept, none
	in     *regexp.Regexp // what the bytes look like
	why    string
}

// stricter are the requests that net/http accepts and we refuse.
var stricter = []difference{
	{"a header line does not end in CR LF", regexp.MustCompile(`\n`),
		"a line that ends in LF alone ends elsewhere for another server (RFC 9112, section 2.2, allows either)"},
	{"more than one body length", regexp.MustCompile(`(?i)content-length[\s\S]*content-length`),
		"equal lengths twice are as wrong as different ones"},
	{"more than one body length", regexp.MustCompile(`(?i)transfer-encoding[\s\S]*content-length|content-length[\s\S]*transfer-encoding`),
		"who goes by the other length sees another request (RFC 9112, section 6.3, allows to refuse both)"},
	{"malformed Content-Length", regexp.MustCompile(`[0-9]{19}`),
		"more than 18 digits are no length that anybody means"},
	{"the header is larger than 32 KiB", regexp.MustCompile(``), "net/http takes 1 MB, we 32 KiB"},
	{"the request line is longer than 8 KiB", regexp.MustCompile(``), "net/http takes 1 MB, we 8 KiB"},
	{"Transfer-Encoding in an HTTP/1.0 request", regexp.MustCompile(``),
		"net/http ignores the field, and so takes chunks for requests"},
	{"malformed header field", regexp.MustCompile(`\n[ \t]`),
		"folded fields are obsolete and read differently by different servers (RFC 9112, section 5.2)"},
	{"malformed Host", regexp.MustCompile(`[\[\]]`), "brackets are around an IPv6 address"},
	{"malformed chunk size", regexp.MustCompile(`[0-9a-fA-F][ \t]+[\r;]`), "blanks after a chunk size are not in the grammar"},
	{"malformed chunk size", regexp.MustCompile(`0[0-9a-fA-F]{15}`), "more than 15 digits are no size that anybody means"},
	{"malformed chunk extension", regexp.MustCompile(`;`), "control characters are not in the grammar of an extension"},
	{"malformed trailer", regexp.MustCompile(``), "net/http reads the trailer as leniently as the header"},
	{"malformed request target", regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*:`), "other URIs than those of http lead nowhere here"},
	{"CONNECT is for proxies of another kind", regexp.MustCompile(``), "net/http leaves it to the handler"},
	{"malformed host in the request target", regexp.MustCompile(`//`), "an http URI has a host, and neither user nor password"},
	{"blank, control character or fragment in the request target", regexp.MustCompile(`#`), "a fragment is not sent (RFC 9112, section 3.2)"},
	{"malformed method", regexp.MustCompile(`\r[!-~]`), "net/http reads over a CR alone after a POST, and over three of them"},
}

// laxer are the requests that we accept and net/http refuses.
var laxer = []difference{
	{"", regexp.MustCompile(`\r\n[!-~]`), "empty lines before a request are read over (RFC 9112, section 2.2); net/http does so only after a POST"},
}

// compare gives the difference that explains why ours is not theirs, nil when they are the same. It reports false for
// one without explanation.
func compare(in []byte, ours, theirs reading) (why *difference, ok bool) {
	n := 0
	for n < min(len(ours.requests), len(theirs.requests)) && same(ours.requests[n], theirs.requests[n]) {
		n++
	}
	list := stricter
	switch {
	case n == len(ours.requests) && n == len(theirs.requests):
		return nil, true
	case n == len(ours.requests) && ours.status != 0:
	case n == len(theirs.requests) && theirs.status != 0:
		list = laxer
	default:
		return nil, false
	}
	for i, d := range list {
		if (d.reason == ours.reason || d.reason == "") && d.in.Match(in) {
			return &list[i], true
		}
	}
	return nil, false
}

func same(a, b seen) bool {
	if b.path == "" { // net/http leaves it to the handler that http://host means http://host/
		b.path = "/"
	}
	return a == b
}

// Generated requests are read as net/http reads them: the same are accepted, with the same method, path and body, or a
// reason is listed above.
func TestDifferential(t *testing.T) {
	connections := uint64(5_000)
	if raceEnabled {
		connections /= 2
	}
	if isLong() {
		connections = 200_000
	}
	o := newOracle(t)
	accepted, refused := 0, 0
	used := map[*difference]int{}
	for seed := range connections {
		in := generator{rand.New(rand.NewPCG(seed, 0))}.connection()
		ours, theirs := readPieces(in, len(in)), o.read(in)
		why, ok := compare(in, ours, theirs)
		if !ok {
			t.Errorf("seed %d: %.1000q\nwe:   %.500s\nthey: %.500s", seed, in, ours, theirs)
		}
		used[why]++
		accepted += len(ours.requests)
		if ours.status != 0 {
			refused++
		}
		if pieces := readPieces(in, 1+int(seed%100)); !slices.Equal(ours.requests, pieces.requests) {
			t.Errorf("seed %d: %.1000q\nwhole:     %.500s\nin pieces: %.500s", seed, in, ours, pieces)
		}
	}
	t.Logf("%d requests accepted, %d refused", accepted, refused)
	for _, list := range [][]difference{stricter, laxer} {
		for i, d := range list {
			n := used[&list[i]]
			t.Logf("%5d times: %s: %s", n, d.reason, d.why)
			if n == 0 && isLong() {
				t.Errorf("this difference is none: %q, %s", d.reason, d.why)
			}
		}
	}
}

func FuzzDifferential(f *testing.F) {
	o := newOracle(f)
	for seed := range uint64(200) {
		f.Add(generator{rand.New(rand.NewPCG(seed, 1))}.connection())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		ours, theirs := readPieces(in, len(in)), o.read(in)
		if _, ok := compare(in, ours, theirs); !ok {
			t.Errorf("%q\nwe:   %s\nthey: %s", in, ours, theirs)
		}
		if pieces := readPieces(in, 3); !slices.Equal(ours.requests, pieces.requests) {
			t.Errorf("%q\nwhole:     %s\nin pieces: %s", in, ours, pieces)
		}
	})
}

// On sockets the same bytes have the same fate as in memory: both servers say so themselves.
func TestDifferentialOnSockets(t *testing.T) {
	var mu sync.Mutex
	readings := map[string]*reading{} // by the client's address
	note := func(client string, s seen) {
		mu.Lock()
		defer mu.Unlock()
		if readings[client] == nil {
			readings[client] = new(reading)
		}
		readings[client].requests = append(readings[client].requests, s)
	}
	theirs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			note(r.RemoteAddr, seen{r.Method, r.URL.Path, string(body)})
		}
	}))
	defer theirs.Close()
	theirs.Config.DisableGeneralOptionsHandler = true
	theirs.Config.ErrorLog = log.New(io.Discard, "", 0)
	ours := serve(t, &Server{Handler: &funcs{serve: func(r *Request) {
		peer, _ := syscall.Getpeername(r.conn.fd)
		address, _ := peer.(*syscall.SockaddrInet6)
		note("127.0.0.1:"+strconv.Itoa(address.Port), seen{r.Method, r.Path, string(r.Body)})
		r.Answer(200, nil)
	}}})
	read := func(address string, in []byte) (r reading) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(testkit.Patience))
		c.Write(in) // fails when the server has had enough
		c.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, c)
		mu.Lock()
		defer mu.Unlock()
		if noted := readings[c.LocalAddr().String()]; noted != nil {
			r = *noted
			delete(readings, c.LocalAddr().String())
		}
		return r
	}
	for seed := range uint64(300) {
		in := generator{rand.New(rand.NewPCG(seed, 2))}.connection()
		we := read("127.0.0.1:"+strconv.Itoa(ours.Port()), in)
		if memory := readPieces(in, len(in)); !slices.Equal(memory.requests, we.requests) {
			t.Errorf("seed %d: %q\nin memory:  %s\non sockets: %s", seed, in, memory, we)
		} else {
			we = memory
		}
		they := read(theirs.Listener.Addr().String(), in)
		they.status = 400 // an answer is not looked at
		if _, ok := compare(in, we, they); !ok {
			t.Errorf("seed %d: %q\nwe:   %s\nthey: %s", seed, in, we, they)
		}
	}
}
