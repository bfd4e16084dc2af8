//go:build linux

package http1

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

// slowly gives a server whose ticks pass when the test calls sweep, and whose answers soon wait for room.
func slowly(t *testing.T, h Handler, maxBody int64) *Server {
	s := serve(t, &Server{Handler: h, MaxBody: maxBody})
	s.littleRoom(t)
	return s
}

// waits waits until n connections wait for w.
func (s *Server) waits(t *testing.T, n int, w awaited) {
	t.Helper()
	s.eventually(t, strconv.Itoa(n)+" connections that wait", func() bool {
		waiting := 0
		for i := range s.conns {
			if c := s.conns[i].Load(); c != nil && c.wait == w {
				waiting++
			}
		}
		return waiting == n
	})
}

func (s *Server) sweeps(n int) {
	for range n {
		s.sweep()
	}
}

func TestPatience(t *testing.T) {
	s := slowly(t, echoing(), 1<<20)
	tests := []struct {
		name, request string
		wait          awaited
		answer        int // what the client is told, 0 for nothing
	}{
		{"header", "POST /a HTTP/1.1\r\nHos", waitHead, 0},
		{"one byte", "P", waitHead, 0},
		{"body", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc", waitBody, 0},
		{"chunks", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", waitBody, 0},
		{"streamed body", "POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc", waitBody, 400},
		{"farewell", "POST /a HTTP/1.0\r\n\r\n", waitFarewell, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, s)
			c.send(test.request)
			s.waits(t, 1, test.wait)
			s.sweeps(patience[test.wait])
			if s.expectCut(t, 0); t.Failed() {
				return
			}
			s.sweeps(1)
			if test.answer != 0 {
				c.expect(test.answer, "")
			}
			c.expectEnd()
			c.Close()
			s.expectIdle(t)
		})
	}
}

func (s *Server) expectCut(t *testing.T, want int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.conns {
		if c := s.conns[i].Load(); c != nil && c.cut {
			want--
		}
	}
	if want != 0 {
		t.Errorf("%d connections too few were cut", want)
	}
}

// A header that trickles is not in time.
func TestTrickle(t *testing.T) {
	s := slowly(t, echoing(), 1<<20)
	c := dial(t, s)
	for range patience[waitHead] + 1 {
		c.send("X")
		s.waits(t, 1, waitHead)
		s.sweep()
	}
	c.expectCut()
}

// A body that goes on has time, and so has an answer that is taken slowly.
func TestProgress(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 8<<20)
	s := slowly(t, &funcs{serve: func(r *Request) {
		r.Send(200, append(make([]byte, HeadRoom), large...), HeadRoom)
	}, stream: echoing().stream}, 1<<20)
	const pieces = 30
	for _, path := range []string{"/stream", "/a"} {
		c := dial(t, s)
		c.SetReadBuffer(64 << 10)
		c.send("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + strconv.Itoa(pieces) + "\r\n\r\n")
		for range pieces {
			s.waits(t, 1, waitBody)
			s.sweep()
			c.send("b")
			// The byte is taken when patience has started anew.
			s.eventually(t, "the byte", func() bool {
				for i := range s.conns {
					if c := s.conns[i].Load(); c != nil && c.wait == waitBody && c.ticks > 0 {
						return false
					}
				}
				return true
			})
		}
		if path == "/stream" {
			c.expect(200, "POST /stream "+strings.Repeat("b", pieces))
			continue
		}
		// A tick passes whenever the server has sent more since the last one.
		moved := func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			for i := range s.conns {
				if c := s.conns[i].Load(); c != nil && c.wait == waitRoom && c.ticks == 0 {
					return true
				}
			}
			return false
		}
		got, ticks := 0, 0
		for b := make([]byte, 64<<10); got < len(large); {
			n, err := c.r.Read(b)
			if err != nil {
				t.Fatalf("after %d bytes and %d ticks: %v", got, ticks, err)
			}
			if got += n; moved() {
				s.sweep()
				ticks++
			}
		}
		if ticks <= patience[waitRoom] {
			t.Errorf("the answer was taken within %d ticks, which are too few to tell", ticks)
		}
	}
}

// A client that does not take its answer is cut.
func TestNotReading(t *testing.T) {
	s := slowly(t, &funcs{serve: func(r *Request) { r.Send(200, make([]byte, 4<<20), HeadRoom) }}, 1<<20)
	c := dial(t, s)
	c.send(post("/a", ""))
	s.waits(t, 1, waitRoom)
	// What the kernel still takes is progress, after which patience starts anew.
	for cut := false; !cut; {
		s.sweeps(patience[waitRoom] + 1)
		s.eventually(t, "the connection's end, or progress", func() bool {
			cut = s.open == 0
			for i := range s.conns {
				if c := s.conns[i].Load(); c != nil && !c.cut {
					return true
				}
			}
			return cut
		})
	}
	s.expectIdle(t)
}

// Idle connections are never closed, however many ticks pass, nor is one whose request waits for its answer.
func TestIdleConnectionsStay(t *testing.T) {
	later := make(chan *Request, 1)
	s := slowly(t, &funcs{serve: func(r *Request) {
		if r.Path == "/later" {
			later <- r
			return
		}
		echo(r)
	}}, 1<<20)
	fresh, used, waiting, slow := dial(t, s), dial(t, s), dial(t, s), dial(t, s)
	used.send(post("/a", ""))
	used.expect(200, "")
	waiting.send(post("/later", ""))
	r := <-later
	slow.send("POST")
	s.waits(t, 1, waitHead)
	s.sweeps(100)
	slow.expectEnd()
	s.Loop.Do(func() { r.Answer(200, []byte("late")) })
	waiting.expect(200, "late")
	for _, c := range []*client{fresh, used, waiting} {
		c.send(post("/a", ""))
		c.expect(200, "POST /a ")
	}
}

// The ticker rests while nobody waits.
func TestTickerRests(t *testing.T) {
	s := slowly(t, echoing(), 1<<20)
	c := dial(t, s)
	c.send("P")
	s.eventually(t, "the ticker", func() bool { return s.ticking })
	c.send(post("/a", "")[1:])
	c.expect(200, "")
	s.ticks()
	s.eventually(t, "rest", func() bool { return !s.ticking })
}
