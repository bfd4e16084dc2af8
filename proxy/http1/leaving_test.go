//go:build linux

package http1

import (
	"bytes"
	"testing"
)

// A client may say that it has nothing more to send and still wants its answer.
func TestHalfClosed(t *testing.T) {
	later := make(chan *Request)
	s := serve(t, &Server{Handler: &funcs{serve: func(r *Request) { later <- r }, stream: echoing().stream}})
	for _, path := range []string{"/a", "/stream"} {
		t.Run(path, func(t *testing.T) {
			c := dial(t, s)
			c.send(post(path, "b"))
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if path == "/a" {
				s.echo(<-later)
			}
			c.expect(200, "POST "+path+" b")
			c.expectEnd()
		})
	}
	t.Run("within a request", func(t *testing.T) {
		for _, part := range []string{"", "POS", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc"} {
			c := dial(t, s)
			c.send(part)
			c.CloseWrite()
			c.expectEnd()
		}
	})
	s.expectIdle(t)
}

func TestClientLeaves(t *testing.T) {
	later := make(chan *Request, 2)
	failed := make(chan error)
	s := serve(t, &Server{Handler: &funcs{
		serve: func(r *Request) { later <- r },
		stream: func(r *Request, b *Body) {
			_, err := drain(b)
			r.Answer(400, nil)
			failed <- err
		},
	}})
	t.Run("while its request waits", func(t *testing.T) {
		for _, reset := range []bool{false, true} {
			c := dial(t, s)
			c.send(post("/a", "b") + post("/b", ""))
			r := <-later
			if reset {
				c.SetLinger(0)
			}
			c.Close()
			large := make([]byte, 8<<20)
			s.Loop.Do(func() {
				r.Send(200, large, HeadRoom)
				select {
				case r := <-later: // the server has not noticed
					echo(r)
				default:
				}
			})
			go func() { // or the next is served now
				select {
				case r := <-later:
					s.echo(r)
				case <-t.Context().Done():
				}
			}()
			s.expectIdle(t)
		}
	})
	t.Run("within a streamed body", func(t *testing.T) {
		c := dial(t, s)
		c.send("POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
		c.Close()
		if err := <-failed; err != errGone {
			t.Errorf("error %v, want %v", err, errGone)
		}
		s.expectIdle(t)
	})
}

// An answer larger than the socket's buffers reaches a client that reads slowly, and the connection goes on.
func TestSlowReader(t *testing.T) {
	answer := bytes.Repeat([]byte("0123456789abcde\n"), 1<<18)
	s := serve(t, &Server{Handler: &funcs{serve: func(r *Request) {
		if r.Path == "/large" {
			b := append(make([]byte, HeadRoom), answer...)
			if r.Send(200, b, HeadRoom) {
				t.Error("4 MB went into the socket at once")
			}
			return
		}
		echo(r)
	}}})
	s.littleRoom(t)
	c := dial(t, s)
	c.send(post("/large", "") + post("/small", "") + post("/large", ""))
	s.eventually(t, "an answer that waits for room", func() bool { return s.unfinished > 0 })
	c.expect(200, string(answer))
	c.expect(200, "POST /small ")
	c.expect(200, string(answer))
	c.Close()
	s.expectIdle(t)
}
