//go:build linux

package http1

import (
	"bytes"
	"io"
	"strconv"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// roomy gives a server with answers of 8 MB and room for 17 MB.
func roomy(t *testing.T) *Server {
	large := bytes.Repeat([]byte("x"), 8<<20)
	return slowly(t, &funcs{serve: func(r *Request) {
		if r.Path == "/large" {
			r.Send(200, append(make([]byte, HeadRoom), large...), HeadRoom)
			return
		}
		echo(r)
	}}, 1<<20)
}

// deaf are clients that take nothing of their answers.
func deaf(t *testing.T, s *Server, n int) (clients []*client) {
	t.Helper()
	before := s.answering()
	for range n {
		c := dial(t, s)
		c.SetReadBuffer(64 << 10)
		c.send(post("/large", ""))
		clients = append(clients, c)
	}
	s.waits(t, before+n, waitRoom)
	return clients
}

// answering counts the connections that wait for room to send.
func (s *Server) answering() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.conns {
		if c := s.conns[i].Load(); c != nil && c.wait == waitRoom {
			n++
		}
	}
	return n
}

// hasRoomNow calls HasRoom.
func (s *Server) hasRoomNow() (has bool) {
	s.Loop.Do(func() { has = s.HasRoom() })
	return has
}

// awaiting has somebody wait for room, and gives a channel that closes when there is some.
func (s *Server) awaiting(t *testing.T) chan struct{} {
	t.Helper()
	if s.hasRoomNow() {
		t.Fatal("there is room")
	}
	room := make(chan struct{})
	go func() {
		defer close(room)
		testkit.Await(t, "room", s.hasRoomNow)
	}()
	return room
}

func TestHasRoom(t *testing.T) {
	s := roomy(t)
	deaf(t, s, 1)
	if !s.hasRoomNow() {
		t.Error("no room beside 8 MB")
	}
	clients := deaf(t, s, 3)
	room := s.awaiting(t)
	large := string(bytes.Repeat([]byte("x"), 8<<20))
	for _, c := range clients[:2] {
		c.expect(200, large)
	}
	<-room
	clients[2].expect(200, large)
	s.eventually(t, "one answer", func() bool { return s.untaken.Load() < 9<<20 })
}

// While somebody waits for room, clients that take nothing are cut, until there is some. Those that take their answer,
// however slowly, are not.
func TestWhoTakesNothingIsCut(t *testing.T) {
	s := roomy(t)
	clients := deaf(t, s, 4)
	for range mostLooks + 1 {
		s.look()
	}
	s.expectCut(t, 0) // nobody waits
	room := s.awaiting(t)
	reader := clients[3]
	b := make([]byte, 1<<20)
	taken := 0
	for waits := true; waits && taken < 7<<20; taken += len(b) { // the kernel may take some more for the others, late
		if _, err := io.ReadFull(reader, b); err != nil {
			t.Fatal(err)
		}
		s.eventually(t, "one whose answer goes on", func() bool {
			for n := range s.conns {
				if c := s.conns[n].Load(); c != nil && c.looks == 0 {
					return true
				}
			}
			return false
		})
		s.look()
		select {
		case <-room:
			waits = false
		default:
		}
	}
	<-room
	cut := 0
	for _, c := range clients[:3] {
		if n, _ := io.Copy(io.Discard, io.LimitReader(c, 8<<20)); n < 8<<20 {
			cut++
		}
	}
	if cut < 2 {
		t.Errorf("%d were cut, and two have to be", cut)
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(reader, int64(8<<20-taken))); err != nil || n == 0 {
		t.Errorf("the one that reads got %d bytes more: %v", n, err)
	}
}

func TestNoRoomForBodies(t *testing.T) {
	s := roomy(t)
	clients := deaf(t, s, 2)
	c := dial(t, s)
	body := string(bytes.Repeat([]byte("b"), 1<<20-10))
	c.send(post("/a", body[:100_000])[:100_000])
	c2 := dial(t, s)
	go c2.send(post("/a", body))
	s.eventually(t, "a body that waits", func() bool { return len(s.queue) > 0 })
	for _, c := range clients {
		c.Close()
	}
	c2.expect(200, "POST /a "+body)
}

func TestRefuse(t *testing.T) {
	s := roomy(t)
	half, chunked, idle := dial(t, s), dial(t, s), dial(t, s)
	head := dial(t, s)
	head.send("POST /a HTTP/1.1\r\nHo")
	half.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc")
	chunked.send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc")
	s.waits(t, 2, waitBody)
	s.waits(t, 1, waitHead)
	s.Refuse(503, "it ends")
	for _, c := range []*client{head, half, chunked} {
		c.expect(503, `{"error":"it ends"}`)
		c.expectEnd()
	}
	// What is here is served, and what comes in parts is not.
	idle.send(post("/a", "b"))
	idle.expect(200, "POST /a b")
	idle.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
	idle.expect(503, `{"error":"it ends"}`)
	idle.expectEnd()
}

// Bodies come and go while they are refused: each request has one answer.
func TestRefuseRace(t *testing.T) {
	for range 5 {
		s := serve(t, &Server{Handler: echoing(), MaxBody: 1 << 20})
		const clients = 30
		done, begun := make(chan error, clients), make(chan struct{}, clients)
		for i := range clients {
			c := dial(t, s)
			path := []string{"/a", "/stream"}[i%2]
			go func() {
				body := string(bytes.Repeat([]byte("x"), 200_000))
				io.WriteString(c, "POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n")
				begun <- struct{}{}
				for at := 0; at < len(body); at += 1000 {
					if _, err := io.WriteString(c, body[at:at+1000]); err != nil {
						break
					}
				}
				_, err := c.r.ReadByte()
				done <- err
			}()
		}
		for range clients / 2 {
			<-begun
		}
		s.Refuse(503, "it ends")
		for range clients {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
}

// A signal may come while the port is being opened: the race detector looks at it.
func TestRefuseBeforeItListens(t *testing.T) {
	s := &Server{MaxBody: 1 << 20, Handler: &funcs{serve: echo}, Loop: newLoop(t)}
	refused := make(chan struct{})
	go func() {
		s.Refuse(503, "it ends")
		close(refused)
	}()
	if err := s.Listen(0); err != nil {
		t.Fatal(err)
	}
	<-refused
	syscall.Close(s.listener)
	s.Loop.Free()
}
