//go:build linux

package http1

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A seen request is what a server made of some bytes.
type seen struct{ method, path, body string }

// A reading is what a server made of all that came on a connection: the requests it served, and whether it refused what
// followed them.
type reading struct {
	requests []seen
	status   int    // of the refusal, 0 for none
	reason   string // of our refusal
}

func (r reading) String() string {
	var b strings.Builder
	for _, s := range r.requests {
		b.WriteString(strconv.Quote(s.method+" "+s.path+" "+s.body) + ", ")
	}
	return b.String() + "then " + strconv.Itoa(r.status) + " " + r.reason
}

// readPieces gives our reading of bytes that come in pieces of a size.
func readPieces(in []byte, size int) (r reading) {
	s := &Server{Handler: &funcs{}, MaxBody: 1 << 20}
	c := &conn{server: s, fd: -1, small: make([]byte, smallBuffer)}
	c.buf = c.small
	for {
		done, err := c.parse()
		var refused *refusal
		switch {
		case errors.As(err, &refused):
			r.status, r.reason = refused.status, refused.reason
			return r
		case done:
			q := &c.request
			r.requests = append(r.requests, seen{q.Method, q.Path, string(q.Body)})
			if q.close {
				return r
			}
			if !c.rest() {
				panic("an answered request does not go")
			}
			continue
		case len(in) == 0:
			return r
		}
		room := c.room()
		n := copy(room, in[:min(size, len(in))])
		if n == 0 {
			panic("no room for more of a request")
		}
		c.n += n
		in = in[n:]
	}
}

// An oracle is a server of net/http that reads from memory.
type oracle struct {
	server http.Server
	conns  chan net.Conn
}

func newOracle(t testing.TB) *oracle {
	o := &oracle{conns: make(chan net.Conn)}
	o.server.Handler = http.HandlerFunc(o.serve)
	o.server.DisableGeneralOptionsHandler = true
	o.server.MaxHeaderBytes = 64 << 10
	o.server.ErrorLog = nil
	go o.server.Serve(o)
	t.Cleanup(func() { o.server.Close() })
	return o
}

func (o *oracle) serve(w http.ResponseWriter, r *http.Request) {
	c := r.Context().Value(http.LocalAddrContextKey).(*memory)
	body, err := io.ReadAll(r.Body)
	if err != nil { // the answer that net/http would give is the handler's affair
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			c.reading.status = 400
		}
		panic(http.ErrAbortHandler)
	}
	c.reading.requests = append(c.reading.requests, seen{r.Method, r.URL.Path, string(body)})
}

// read gives net/http's reading.
func (o *oracle) read(in []byte) reading {
	c := &memory{in: bytes.NewReader(in), closed: make(chan struct{})}
	o.conns <- c
	<-c.closed
	if c.reading.status == 0 {
		// What net/http refuses itself is the last that it wrote.
		out := c.out.String()
		if i := strings.LastIndex(out, "HTTP/1.1 "); i >= 0 {
			status, _ := strconv.Atoi(out[i+9 : i+12])
			if status >= 400 {
				c.reading.status = status
			}
		}
	}
	return c.reading
}

func (o *oracle) Accept() (net.Conn, error) {
	c, ok := <-o.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (o *oracle) Close() error   { close(o.conns); return nil }
func (o *oracle) Addr() net.Addr { return &net.TCPAddr{} }

// memory is a connection to an oracle, and its own address.
type memory struct {
	in      *bytes.Reader
	out     bytes.Buffer
	closed  chan struct{}
	once    sync.Once // the server may close it again when it ends
	reading reading
}

func (m *memory) Read(b []byte) (int, error)       { return m.in.Read(b) }
func (m *memory) Write(b []byte) (int, error)      { return m.out.Write(b) }
func (m *memory) Close() error                     { m.once.Do(func() { close(m.closed) }); return nil }
func (m *memory) LocalAddr() net.Addr              { return m }
func (m *memory) RemoteAddr() net.Addr             { return m }
func (m *memory) Network() string                  { return "memory" }
func (m *memory) String() string                   { return "memory" }
func (m *memory) SetDeadline(time.Time) error      { return nil }
func (m *memory) SetReadDeadline(time.Time) error  { return nil }
func (m *memory) SetWriteDeadline(time.Time) error { return nil }
