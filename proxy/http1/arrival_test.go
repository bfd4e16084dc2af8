//go:build linux

package http1

import (
	"io"
	"strings"
	"testing"
)

func TestExpectContinue(t *testing.T) {
	s := serve(t, &Server{Handler: echoing(), MaxBody: 100})
	for _, path := range []string{"/a", "/stream"} {
		for _, length := range []string{"Content-Length: 3", "Transfer-Encoding: chunked"} {
			head := "POST " + path + " HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n" + length + "\r\n\r\n"
			body := "abc"
			if strings.HasPrefix(length, "T") {
				body = "3\r\nabc\r\n0\r\n\r\n"
			}
			t.Run(path+", "+length, func(t *testing.T) {
				c := dial(t, s)
				for range 2 {
					c.send(head)
					if r, _ := c.answer("POST"); r.StatusCode != 100 {
						t.Fatalf("status %d, want 100", r.StatusCode)
					}
					c.send(body)
					c.expect(200, "POST "+path+" abc")
				}
			})
			t.Run(path+", "+length+", body sent at once", func(t *testing.T) {
				c := dial(t, s)
				c.send(head + body)
				c.expect(200, "POST "+path+" abc")
			})
		}
	}
	t.Run("refused", func(t *testing.T) {
		c := dial(t, s)
		c.send("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n")
		c.expect(413, "")
		c.expectEnd()
	})
	t.Run("HTTP/1.0 has no such thing", func(t *testing.T) {
		c := dial(t, s)
		c.send("POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
		c.send("b")
		c.expect(200, "POST /a b")
	})
	t.Run("no body", func(t *testing.T) {
		c := dial(t, s)
		c.send("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n")
		c.expect(200, "POST /a ")
	})
	t.Run("another expectation", func(t *testing.T) {
		c := dial(t, s)
		c.send("POST /a HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n")
		c.expect(417, "")
		c.expectEnd()
	})
}

// Requests may come in any pieces.
func TestOddPieces(t *testing.T) {
	s := serve(t, &Server{Handler: echoing()})
	for _, path := range []string{"/a", "/stream"} {
		request := "\r\nPOST " + path + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n" +
			"3;a=b\r\nabc\r\n1\r\nd\r\n00A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n" + post(path, "efg")
		c := dial(t, s)
		for size := 1; size < len(request); size += 3 {
			for rest := request; rest != ""; rest = rest[min(size, len(rest)):] {
				c.send(rest[:min(size, len(rest))])
			}
			c.expect(200, "POST "+path+" abcd0123456789")
			c.expect(200, "POST "+path+" efg")
		}
	}
}

// An answer before the end of the body reaches a client that reads only when it has sent everything.
func TestEarlyAnswer(t *testing.T) {
	s := serve(t, &Server{Handler: &funcs{
		serve: echo,
		stream: func(r *Request, b *Body) {
			if r.Path == "/stream/some" {
				b.Next()
			}
			r.Answer(403, []byte("early"))
			if _, err := b.Next(); err == nil {
				t.Error("the body goes on after the answer")
			}
		},
	}})
	body := strings.Repeat("x", 8<<20)
	for path, status := range map[string]int{"/stream": 403, "/stream/some": 403, "/a": 413} {
		t.Run(path, func(t *testing.T) {
			c := dial(t, s)
			c.send(post(path, body))
			if r := c.expect(status, ""); !r.Close {
				t.Error("the answer does not say that the connection ends")
			}
			c.expectEnd()
		})
	}
	t.Run("a short rest is read over", func(t *testing.T) {
		c := dial(t, s)
		c.send(post("/stream", "short"))
		c.expect(403, "early")
		c.send(post("/a", "b"))
		c.expect(200, "POST /a b")
	})
	s.eventually(t, "no request", func() bool { return s.unfinished == 0 })
}

func TestStreamErrors(t *testing.T) {
	failed := make(chan error, 1)
	s := serve(t, &Server{Handler: &funcs{stream: func(r *Request, b *Body) {
		_, err := drain(b)
		if _, again := b.Next(); again != err {
			t.Errorf("then %v, at first %v", again, err)
		}
		r.Answer(400, nil)
		failed <- err
	}}})
	c := dial(t, s)
	c.send("POST /stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n")
	c.expect(400, "")
	c.expectEnd()
	if err := <-failed; err == nil || err == io.EOF {
		t.Errorf("error %v", err)
	}
}
