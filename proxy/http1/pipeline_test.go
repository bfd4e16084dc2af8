//go:build linux

package http1

import (
	"bytes"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// Pipelined requests are answered in their order, also when the answer to the first comes last.
func TestPipeline(t *testing.T) {
	later := make(chan *Request, 1)
	s := serve(t, &Server{Handler: &funcs{serve: func(r *Request) {
		if strings.HasPrefix(r.Path, "/later") {
			later <- r
			return
		}
		echo(r)
	}, stream: echoing().stream}})

	t.Run("at once", func(t *testing.T) {
		c := dial(t, s)
		var all bytes.Buffer
		for i := range 2000 {
			all.WriteString(post("/"+strconv.Itoa(i), "b"))
		}
		go c.Write(all.Bytes())
		for i := range 2000 {
			c.expect(200, "POST /"+strconv.Itoa(i)+" b")
		}
	})
	t.Run("the first later", func(t *testing.T) {
		c := dial(t, s)
		c.send(post("/later", "1") + post("/b", "2") + post("/stream", "3") + post("/later", "4") + post("/c", "5"))
		s.echo(<-later)
		c.expect(200, "POST /later 1")
		c.expect(200, "POST /b 2")
		c.expect(200, "POST /stream 3")
		s.echo(<-later)
		c.expect(200, "POST /later 4")
		c.expect(200, "POST /c 5")
	})
	t.Run("behind a large body", func(t *testing.T) {
		c := dial(t, s)
		large := strings.Repeat("x", 400_000)
		go c.send(post("/a", large) + post("/b", large) + post("/stream", large) + post("/c", "") + "POST /d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
			"61a80\r\n" + large + "\r\n0\r\n\r\n" + post("/e", large))
		for _, path := range []string{"/a", "/b", "/stream"} {
			c.expect(200, "POST "+path+" "+large)
		}
		c.expect(200, "POST /c ")
		c.expect(200, "POST /d "+large)
		c.expect(200, "POST /e "+large)
	})
	t.Run("behind a refused one", func(t *testing.T) {
		c := dial(t, s)
		c.send("POST /a HTTP/1.1\r\n\r\n" + post("/b", ""))
		c.expect(400, "")
		c.expectEnd()
	})
}

// An answer that comes from another goroutine may come before Serve returns, or after it.
func TestAnswerWhileServeReturns(t *testing.T) {
	s := &Server{}
	s.Handler = &funcs{serve: func(r *Request) { go s.echo(r) }}
	serve(t, s)
	c := dial(t, s)
	var all strings.Builder
	for range 500 {
		all.WriteString(post("/a", "b"))
	}
	go c.send(all.String())
	for range 500 {
		c.expect(200, "POST /a b")
	}
}

// A run may turn out to be slow where it is served: another goroutine leads on.
func TestAnotherLeads(t *testing.T) {
	release := make(chan struct{})
	s := &Server{}
	s.Handler = &funcs{serve: func(r *Request) {
		if r.Path != "/run" {
			echo(r)
			return
		}
		s.Loop.Post(func() {
			go s.Loop.Lead()
			<-release
			s.Loop.Post(func() { echo(r) })
			runtime.Goexit()
		})
	}}
	serve(t, s)
	run := dial(t, s)
	run.send(post("/run", "1"))
	for range 20 {
		c := dial(t, s)
		c.send(post("/other", "2"))
		c.expect(200, "POST /other 2")
	}
	close(release)
	run.expect(200, "POST /run 1")
}
