//go:build linux

package http1

import (
	"io"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// runHead is what OpenWhisk's invoker sends.
const runHead = "POST /run HTTP/1.1\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: 12\r\n" +
	"Host: 172.17.0.2:8080\r\nConnection: Keep-Alive\r\nUser-Agent: Apache-HttpClient/4.5.13 (Java/11.0.11)\r\nAccept-Encoding: gzip,deflate\r\n\r\n"

func BenchmarkParseHead(b *testing.B) {
	in := []byte(runHead)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseHead(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChunks(b *testing.B) {
	in := []byte(strings.Repeat("400\r\n"+strings.Repeat("x", 1024)+"\r\n", 64) + "0\r\n\r\n")
	out := make([]byte, len(in))
	b.SetBytes(64 << 10)
	b.ReportAllocs()
	for b.Loop() {
		var c chunks
		if _, n, err := c.decode(out, in); n != 64<<10 || err != nil {
			b.Fatal(n, err)
		}
	}
}

// zeroCopy answers from a buffer that is used again, as the proxy does.
func zeroCopy() Handler {
	answer := append(make([]byte, HeadRoom), `{"ok":true}`...)
	return &funcs{serve: func(r *Request) {
		if !r.Send(200, answer, HeadRoom) {
			answer = append(make([]byte, HeadRoom), `{"ok":true}`...)
		}
	}}
}

// exchange is a client without allocations: it sends a request and reads an answer of a known length.
func exchange(tb testing.TB, s *Server, request []byte) func() {
	c := dial(tb, s)
	c.send(string(request))
	_, body := c.answer("POST")
	if body != `{"ok":true}` {
		tb.Fatal(body)
	}
	const answer = len("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n" + `{"ok":true}`)
	var in [answer]byte
	raw, err := c.SyscallConn()
	if err != nil {
		tb.Fatal(err)
	}
	var fd int
	raw.Control(func(d uintptr) { fd = int(d) })
	if err := syscall.SetNonblock(fd, false); err != nil {
		tb.Fatal(err)
	}
	return func() {
		if n, err := syscall.Write(fd, request); n != len(request) || err != nil {
			tb.Fatal(n, err)
		}
		for n := 0; n < len(in); {
			more, err := syscall.Read(fd, in[n:])
			if more <= 0 || err != nil {
				tb.Fatal(err, io.ErrUnexpectedEOF)
			}
			n += more
		}
	}
}

var benchRequests = map[string][]byte{
	"small": []byte(runHead + `{"value":{}}`),
	"10KB":  []byte(strings.Replace(runHead, ": 12\r", ": 10240\r", 1) + strings.Repeat("x", 10<<10)),
	"1MB":   []byte(strings.Replace(runHead, ": 12\r", ": 1048576\r", 1) + strings.Repeat("x", 1<<20)),
}

func BenchmarkRequest(b *testing.B) {
	for _, name := range []string{"small", "10KB", "1MB"} {
		b.Run(name, func(b *testing.B) {
			next := exchange(b, serve(b, &Server{Handler: zeroCopy(), MaxBody: 64 << 20}), benchRequests[name])
			b.ReportAllocs()
			for b.Loop() {
				next()
			}
		})
	}
}

// A request on a kept connection allocates nothing, once buffers of its size are there.
func TestNoAllocations(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("the race detector allocates")
	}
	for name, request := range benchRequests {
		t.Run(name, func(t *testing.T) {
			next := exchange(t, serve(t, &Server{Handler: zeroCopy(), MaxBody: 64 << 20}), request)
			var before, after runtime.MemStats
			const n = 2000
			for range 10 {
				next()
			}
			runtime.ReadMemStats(&before)
			for range n {
				next()
			}
			runtime.ReadMemStats(&after)
			if got := after.Mallocs - before.Mallocs; got > n/20 { // others allocate as well
				t.Errorf("%d allocations in %d requests", got, n)
			}
		})
	}
}
