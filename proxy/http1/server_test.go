//go:build linux

package http1

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestKeepAlive(t *testing.T) {
	s := serve(t, &Server{Handler: echoing()})
	c := dial(t, s)
	for _, path := range []string{"/a", "/stream", "/b", "/stream/2"} {
		for _, body := range []string{"", "x", strings.Repeat("y", 5000), strings.Repeat("z", 300_000)} {
			c.send(post(path, body))
			c.expect(200, "POST "+path+" "+body)
		}
	}
	c.Close()
	s.expectIdle(t)
}

func TestAddresses(t *testing.T) {
	s := serve(t, &Server{Handler: echoing()})
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			if l, err := net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
				t.Skip("this machine has no such address: ", err)
			} else {
				l.Close()
			}
			c := dialAt(t, s, host)
			c.send(post("/a", "b"))
			c.expect(200, "POST /a b")
		})
	}
}

func TestPortInUse(t *testing.T) {
	s := serve(t, &Server{Handler: echoing()})
	other := &Server{Handler: echoing()}
	if err := other.Listen(s.Port()); err == nil {
		t.Fatal("two servers listen on one port")
	}
}

func TestAnswerHeader(t *testing.T) {
	tests := []struct {
		name, request string
		status        int
		want          map[string]string
		close         bool
	}{
		{"a run", "POST /run HTTP/1.1\r\nHost: x\r\n\r\n", 200, map[string]string{
			"Content-Type": "application/json", "Content-Length": "4", "Connection": "", "Transfer-Encoding": ""}, false},
		{"asks to close", "POST /run HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n", 200, map[string]string{"Connection": "close"}, true},
		{"asks in two fields", "POST /run HTTP/1.1\r\nHost: x\r\nConnection: foo\r\nConnection: close\r\n\r\n", 200, nil, true},
		{"1.0", "POST /run HTTP/1.0\r\n\r\n", 200, map[string]string{"Connection": "close"}, true},
		{"1.0, kept", "POST /run HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200, map[string]string{"Connection": "keep-alive"}, false},
		{"1.0, kept and closed", "POST /run HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n", 200, map[string]string{"Connection": "close"}, true},
		{"method", "PUT /405 HTTP/1.1\r\nHost: x\r\n\r\n", 405, map[string]string{"Allow": "POST"}, false},
		{"HEAD", "HEAD /run HTTP/1.1\r\nHost: x\r\n\r\n", 200, map[string]string{"Content-Length": "4"}, false},
		{"refused HEAD", "HEAD /run HTTP/1.1\r\n\r\n", 400, map[string]string{"Connection": "close"}, true},
		{"HEAD with a body", "HEAD /run HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", 200, nil, false},
	}
	s := serve(t, &Server{Handler: &funcs{serve: func(r *Request) {
		if status, err := strconv.Atoi(r.Path[1:]); err == nil {
			r.Answer(status, []byte("null"))
			return
		}
		r.Answer(200, []byte("null"))
	}}})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, s)
			c.send(test.request)
			method, _, _ := strings.Cut(test.request, " ")
			r, body := c.answer(method)
			if r.StatusCode != test.status {
				t.Errorf("status %d, want %d (%s)", r.StatusCode, test.status, body)
			}
			for name, want := range test.want {
				// ReadResponse takes "Connection: close" out and keeps it as Close.
				if got := r.Header.Get(name); got != want && !(name == "Connection" && want == "close" && r.Close) {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if method == "HEAD" && body != "" {
				t.Errorf("body %q in the answer to HEAD", body)
			}
			if test.close {
				c.expectEnd()
				return
			}
			c.send(post("/again", ""))
			c.expect(200, "null")
		})
	}
}

func TestEveryStatusHasAText(t *testing.T) {
	s := serve(t, &Server{Handler: &funcs{serve: func(r *Request) {
		status, _ := strconv.Atoi(r.Path[1:])
		r.Answer(status, nil)
	}}})
	c := dial(t, s)
	for _, status := range []int{200, 400, 403, 404, 405, 413, 414, 417, 431, 500, 501, 502, 503, 505} {
		c.send(post("/"+strconv.Itoa(status), ""))
		r := c.expect(status, "")
		want := http.StatusText(status)
		switch status { // net/http keeps names from before RFC 9110
		case 413:
			want = "Content Too Large"
		case 414:
			want = "URI Too Long"
		}
		if got := strings.TrimPrefix(r.Status, strconv.Itoa(status)+" "); got != want {
			t.Errorf("%d is %q, want %q", status, got, want)
		}
	}
}

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
		echo(<-later)
		c.expect(200, "POST /later 1")
		c.expect(200, "POST /b 2")
		c.expect(200, "POST /stream 3")
		echo(<-later)
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
	s := serve(t, &Server{Handler: &funcs{serve: func(r *Request) { go echo(r) }}})
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

// One thread may block in Work: the other goes on.
func TestWorkBlocks(t *testing.T) {
	waiting := make(chan *Request, 100)
	turn := make(chan struct{}, 1)
	release := make(chan struct{})
	s := serve(t, &Server{Handler: &funcs{
		serve: func(r *Request) {
			if r.Path == "/run" {
				waiting <- r
				return
			}
			echo(r)
		},
		work: func(slow func()) {
			select {
			case turn <- struct{}{}:
			default:
				return
			}
			for {
				select {
				case r := <-waiting:
					slow()
					<-release
					echo(r)
					continue
				default:
				}
				break
			}
			<-turn
		},
	}})
	runs := []*client{dial(t, s), dial(t, s), dial(t, s)}
	for _, c := range runs {
		c.send(post("/run", "1"))
	}
	for range 20 {
		c := dial(t, s)
		c.send(post("/other", "2"))
		c.expect(200, "POST /other 2")
	}
	close(release)
	for _, c := range runs {
		c.expect(200, "POST /run 1")
	}
}

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
				echo(<-later)
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
	later := make(chan *Request)
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
			r.Send(200, large, HeadRoom)
			select {
			case r := <-later: // the next was read before the client left
				echo(r)
			default:
			}
			go func() { // or is served now, when the server has not noticed
				select {
				case r := <-later:
					echo(r)
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
