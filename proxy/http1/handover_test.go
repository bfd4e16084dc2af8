//go:build linux

package http1

import (
	"bytes"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// Wherever a body in chunks is interrupted, what encode makes of its beginning and the rest as it comes are the same
// body.
func TestEncodeChunks(t *testing.T) {
	for _, whole := range []string{
		"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
		"00A;x=\"y\"\r\n0123456789\r\n0\r\n\r\n",
		"1\r\n\r\r\n1;a\r\n\n\r\n000;z\r\nA: b\r\nC:\r\n\r\n",
		"0\r\n\r\n",
	} {
		want, _, _, err := decodeIn(whole, len(whole))
		if err != nil {
			t.Fatal(err)
		}
		for i := range whole {
			var c chunks
			part := []byte(whole[:i])
			_, n, err := c.decode(part, part)
			if err != nil || c.state == chunksDone {
				t.Fatalf("%q: %v", part, err)
			}
			again := string(c.encode(nil, part[:n])) + whole[i:]
			if got, rest, done, err := decodeIn(again, len(again)); got != want || rest != "" || !done || err != nil {
				t.Errorf("%q and %q: %q is %q, %v, %v; want %q", whole[:i], whole[i:], again, got, done, err, want)
			}
		}
	}
}

// A second server goes on with all connections of the first where they were.
func TestHandover(t *testing.T) {
	pending := make(chan *Request, 1)
	large := bytes.Repeat([]byte("x"), 4<<20)
	serveRequest := func(r *Request) {
		if r.Path == "/large" {
			r.Send(200, append(make([]byte, HeadRoom), large...), HeadRoom)
			return
		}
		echo(r)
	}
	first := &Server{MaxBody: 1 << 20, Handler: &funcs{serve: serveRequest, stream: func(r *Request, b *Body) {
		if r.Path == "/stream/first" {
			drain(b)
			pending <- r
			return
		}
		select {} // another upload waits for its turn, unread
	}}}
	first.tick, first.Loop = clock.Hour, newLoop(t)
	if err := first.Listen(0); err != nil {
		t.Fatal(err)
	}
	first.littleRoom(t)
	go first.Serve()

	fresh, idle, sending := dial(t, first), dial(t, first), dial(t, first)
	idle.send(post("/a", "b"))
	idle.expect(200, "POST /a b")
	sending.send(post("/large", "") + post("/behind", "1"))
	requests := []string{
		post("/head", "abc"),
		post("/large-head", strings.Repeat("y", 100_000)),
		"POST /chunks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x\r\ndefg\r\n0\r\nA: b\r\n\r\n",
		"POST /old HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
	}
	var cut []*client
	var rest []string
	for _, request := range requests {
		for at := 1; at < len(request); at += 1 + len(request)/23 {
			c := dial(t, first)
			c.send(request[:at])
			cut, rest = append(cut, c), append(rest, request[at:])
		}
	}
	upload := dial(t, first)
	upload.send(post("/stream/second", "upload")[:63])
	asking := dial(t, first)
	asking.send(post("/stream/first", "code") + post("/behind", "2"))
	r := <-pending
	first.eventually(t, "all that was sent", func() bool {
		waiting := 0
		for i := range first.conns {
			if c := first.conns[i].Load(); c != nil && (c.wait == waitHead || c.wait == waitBody) {
				waiting++
			}
		}
		return waiting == len(cut) && first.open == len(cut)+5
	})
	first.eventually(t, "an answer that waits for room", func() bool {
		for i := range first.conns {
			if c := first.conns[i].Load(); c != nil && c.wait == waitRoom {
				return true
			}
		}
		return false
	})

	var file int
	var err error
	first.Loop.Do(func() {
		file, err = first.Handover(r, []byte("told\nbeside\x00it"), 403, []byte(`{}`))
		runtime.Goexit()
	})
	if err != nil {
		t.Fatal(err)
	}
	if note, ok := Note(file); !ok || string(note) != "told\nbeside\x00it" {
		t.Errorf("the note is %q (%v)", note, ok)
	}
	late := dial(t, first) // waits in the kernel's queue
	late.send(post("/late", ""))

	second := &Server{MaxBody: 1 << 20, tick: clock.Hour, Loop: newLoop(t), Handler: &funcs{serve: serveRequest, stream: echoing().stream}}
	r, err = second.TakeOver(file)
	if err != nil {
		t.Fatal(err)
	}
	serveTaken(t, second)
	second.Loop.Do(func() { r.Answer(200, []byte("ready")) })

	asking.expect(200, "ready")
	asking.expect(200, "POST /behind 2")
	late.expect(200, "POST /late ")
	for _, c := range []*client{fresh, idle, asking} {
		c.send(post("/again", "b"))
		c.expect(200, "POST /again b")
	}
	sending.expect(200, string(large))
	sending.expect(200, "POST /behind 1")
	upload.send(post("/stream/second", "upload")[63:])
	upload.expect(200, "POST /stream/second upload")
	i := 0
	for _, request := range requests {
		path, body := strings.Fields(request)[1], request[strings.Index(request, "\r\n\r\n")+4:]
		if path == "/chunks" {
			body = "abcdefg"
		}
		for at := 1; at < len(request); at += 1 + len(request)/23 {
			cut[i].send(rest[i])
			cut[i].expect(200, "POST "+path+" "+body)
			if path == "/old" {
				cut[i].expectEnd()
			}
			i++
		}
	}
}

func TestTakeOverOfNothing(t *testing.T) {
	for _, content := range []string{"", "http1 2\n", "http1 1\n3 0\n", "http1 2\n3\n", "http1 2\n1000000 0\n", "http1 2\n0 1\n", "http1 2\n0 -1\n", "http1 2\n0 0\n5 1 9 9 0 0\n", "http1 2\n0 0\n-1 1 0 0 0 0\n", "http1 2\n0 0\nx\n"} {
		file, err := sys.MemoryFile()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := syscall.Write(file, []byte(content)); err != nil {
			t.Fatal(err)
		}
		s := &Server{Handler: echoing(), Loop: newLoop(t)}
		if _, err := s.TakeOver(file); err == nil {
			t.Errorf("%q is taken over", content)
		}
		s.Loop.Free()
	}
}
