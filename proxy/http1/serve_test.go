//go:build linux

package http1

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
)

// funcs is a handler of functions. Those that are nil do nothing.
type funcs struct {
	serve  func(*Request)
	stream func(*Request, *Body) // for paths that begin with /stream
}

func (f *funcs) Streams(_, path string) bool {
	return f.stream != nil && strings.HasPrefix(path, "/stream")
}
func (f *funcs) Serve(r *Request)                { f.serve(r) }
func (f *funcs) ServeStream(r *Request, b *Body) { f.stream(r, b) }
func (f *funcs) Work() bool                      { return false }

// echo answers with what came: method, path and body.
func echo(r *Request) {
	r.Answer(200, append([]byte(r.Method+" "+r.Path+" "), r.Body...))
}

// echo answers a request that waits.
func (s *Server) echo(r *Request) { s.Loop.Do(func() { echo(r) }) }

// echoing streams bodies of /stream as well.
func echoing() *funcs {
	return &funcs{serve: echo, stream: func(r *Request, b *Body) {
		got, err := drain(b)
		if err != io.EOF {
			r.Answer(400, []byte(err.Error()))
			return
		}
		r.Answer(200, append([]byte(r.Method+" "+r.Path+" "), got...))
	}}
}

func drain(b *Body) (all []byte, err error) {
	for {
		piece, err := b.Next()
		if err != nil {
			return all, err
		}
		all = append(all, piece...)
	}
}

// serve starts s until the test ends, on a free port. No time passes for its patience, unless the test sets the tick or
// calls sweep.
func serve(t testing.TB, s *Server) *Server {
	t.Helper()
	if s.MaxBody == 0 {
		s.MaxBody = 1 << 20
	}
	if s.tick == 0 {
		s.tick = clock.Hour
	}
	s.Loop = newLoop(t)
	if err := s.Listen(0); err != nil {
		t.Fatal(err)
	}
	return serveTaken(t, s)
}

// serveTaken starts a server that has its listening socket.
func serveTaken(t testing.TB, s *Server) *Server {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		s.Loop.Work = s.Handler.Work
		s.goOn()
		s.Loop.Lead()
	}()
	t.Cleanup(func() {
		s.Loop.Post(func() {
			close(ended)
			runtime.Goexit()
		})
		<-ended
		s.Loop.Free()
		syscall.Close(s.listener)
	})
	return s
}

// newLoop returns a loop for a test.
func newLoop(t testing.TB) *epoll.Loop {
	t.Helper()
	loop, err := epoll.New()
	if err != nil {
		t.Fatal(err)
	}
	return loop
}

// A client is one end of a connection to a server.
type client struct {
	*net.TCPConn
	t testing.TB
	r *bufio.Reader
}

func dial(t testing.TB, s *Server) *client { return dialAt(t, s, "127.0.0.1") }

func dialAt(t testing.TB, s *Server, host string) *client {
	t.Helper()
	return dialPort(t, host, strconv.Itoa(s.Port()))
}

func dialPort(t testing.TB, host, port string) *client {
	t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort(host, port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(testkit.Patience))
	return &client{c.(*net.TCPConn), t, bufio.NewReader(c)}
}

// send writes parts, a write each.
func (c *client) send(parts ...string) {
	c.t.Helper()
	for _, p := range parts {
		if _, err := io.WriteString(c.TCPConn, p); err != nil {
			c.t.Fatal(err)
		}
	}
}

// answer reads an answer to a request with this method.
func (c *client) answer(method string) (*http.Response, string) {
	c.t.Helper()
	r, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Fatalf("no body: %v", err)
	}
	return r, string(body)
}

// expect reads an answer and compares it.
func (c *client) expect(status int, body string) *http.Response {
	c.t.Helper()
	r, got := c.answer("POST")
	if r.StatusCode != status || body != "" && got != body {
		c.t.Fatalf("answer is %d %.200q, want %d %.200q", r.StatusCode, got, status, body)
	}
	return r
}

// expectEnd expects the server's end of the connection.
func (c *client) expectEnd() {
	c.t.Helper()
	if b, err := c.r.ReadByte(); err != io.EOF {
		c.t.Fatalf("want the connection's end, got %q, %v", b, err)
	}
}

// expectCut expects the end of a connection whose last bytes may have come too late to be read: then it is a reset.
func (c *client) expectCut() {
	c.t.Helper()
	if b, err := c.r.ReadByte(); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
		c.t.Fatalf("want the connection's end, got %q, %v", b, err)
	}
}

// littleRoom has the kernel hold little of what the server sends, whatever it would hold on this machine.
func (s *Server) littleRoom(t *testing.T) {
	t.Helper()
	if err := syscall.SetsockoptInt(s.listener, syscall.SOL_SOCKET, syscall.SO_SNDBUF, 64<<10); err != nil { // accepted sockets inherit it
		t.Fatal(err)
	}
}

// isLong tells whether tests may take longer than a minute.
func isLong() bool { return os.Getenv("LONG") != "" }

func post(path, body string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// eventually waits until a state of the server is reached.
func (s *Server) eventually(t testing.TB, what string, reached func() bool) {
	t.Helper()
	testkit.Await(t, what, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return reached()
	})
}

// expectIdle waits until no connection is open and nothing is held for one.
func (s *Server) expectIdle(t testing.TB) {
	t.Helper()
	s.eventually(t, "no connection", func() bool {
		return s.open == 0 && s.promised == 0 && s.unfinished == 0 && len(s.queue) == 0
	})
}
