//go:build linux

package load

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serve starts a server that answers the nth request with answer(n, body).
func serve(t *testing.T, answer func(w http.ResponseWriter, n int, body string)) string {
	t.Helper()
	var count atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		answer(w, int(count.Add(1)), string(body))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func send(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	io.WriteString(w, body)
}

func TestLoad(t *testing.T) {
	tests := []struct {
		name                 string
		load                 Load
		answer               func(w http.ResponseWriter, n int, body string)
		right, wrong, failed int
		firstBad             string
	}{
		{name: "one connection", load: Load{Requests: 50, Warm: 5}, right: 50,
			answer: func(w http.ResponseWriter, _ int, body string) { send(w, body) }},
		{name: "many connections", load: Load{Connections: 20, Requests: 200, Warm: 30}, right: 200,
			answer: func(w http.ResponseWriter, _ int, body string) { send(w, body) }},
		{name: "fewer requests than connections", load: Load{Connections: 20, Requests: 3}, right: 3,
			answer: func(w http.ResponseWriter, _ int, body string) { send(w, body) }},
		{name: "bodies larger than socket buffers", load: Load{Connections: 4, Requests: 8, Pad: 4 << 20}, right: 8,
			answer: func(w http.ResponseWriter, _ int, body string) { send(w, body) }},
		{name: "somebody else's answer", load: Load{Requests: 4}, right: 2, wrong: 2, firstBad: "u99999999",
			answer: func(w http.ResponseWriter, n int, body string) {
				if n > 2 {
					body = `{"name":"u99999999"}`
				}
				send(w, body)
			}},
		{name: "an answer without the pad", load: Load{Requests: 1, Pad: 500}, wrong: 1, firstBad: "u00000001",
			answer: func(w http.ResponseWriter, _ int, body string) { send(w, body[:100]) }},
		{name: "another status", load: Load{Requests: 2}, right: 1, failed: 1, firstBad: "status 502",
			answer: func(w http.ResponseWriter, n int, body string) {
				if n == 1 {
					w.WriteHeader(http.StatusBadGateway)
				}
				send(w, body)
			}},
		{name: "connections that are closed after each answer", load: Load{Connections: 3, Requests: 9}, right: 9,
			answer: func(w http.ResponseWriter, _ int, body string) {
				w.Header().Set("Connection", "close")
				send(w, body)
			}},
		{name: "broken connections", load: Load{Requests: 6}, right: 3, failed: 3, firstBad: "closed the connection",
			answer: func(w http.ResponseWriter, n int, body string) {
				if n%2 == 0 {
					panic(http.ErrAbortHandler)
				}
				send(w, body)
			}},
		{name: "broken connections among many", load: Load{Connections: 5, Requests: 100}, right: 50, failed: 50, firstBad: "closed the connection",
			answer: func(w http.ResponseWriter, n int, body string) {
				if n%2 == 0 {
					panic(http.ErrAbortHandler)
				}
				send(w, body)
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.load.Address = serve(t, test.answer)
			r, err := test.load.Run()
			if err != nil {
				t.Fatal(err)
			}
			if r.Right != test.right || r.Wrong != test.wrong || r.Failed != test.failed {
				t.Errorf("%d right, %d wrong, %d failed; want %d, %d, %d", r.Right, r.Wrong, r.Failed, test.right, test.wrong, test.failed)
			}
			if r.Sent != test.load.Requests {
				t.Errorf("%d sent, want %d", r.Sent, test.load.Requests)
			}
			if !strings.Contains(r.FirstBad, test.firstBad) || (r.FirstBad == "") != (test.firstBad == "") {
				t.Errorf("first bad answer %q, want %q", r.FirstBad, test.firstBad)
			}
		})
	}
}

func TestSilentServerFailsTheLoad(t *testing.T) {
	for _, connections := range []int{1, 3} {
		release := make(chan struct{})
		at := serve(t, func(http.ResponseWriter, int, string) { <-release })
		r, err := Load{Address: at, Connections: connections, Requests: 3, Patience: 20 * time.Millisecond, Limit: time.Second}.Run()
		close(release)
		if err != nil {
			t.Fatal(err)
		}
		if r.Right != 0 || r.Failed != 3 {
			t.Errorf("%d connections: %d right, %d failed; want 0 and 3", connections, r.Right, r.Failed)
		}
	}
}

func TestNoServerIsAnError(t *testing.T) {
	for _, connections := range []int{1, 3} {
		if _, err := (Load{Address: "127.0.0.1:1", Connections: connections, Requests: 1}).Run(); err == nil {
			t.Errorf("%d connections: no error", connections)
		}
	}
}

func TestPost(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, _ int, body string) { send(w, "got "+body) })
	if err := WaitOpen(at, time.Second); err != nil {
		t.Fatal(err)
	}
	got, err := Post(at, "/init", []byte("code"), time.Second)
	if err != nil || got.Status != 200 || string(got.Body) != "got code" {
		t.Errorf("answer %d %q, error %v", got.Status, got.Body, err)
	}
}

// TestEach holds that every request has a connection of its own, even if the server would keep it open.
func TestEach(t *testing.T) {
	for _, connections := range []int{1, 4} {
		var opened atomic.Int64
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			send(w, string(body))
		}))
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				opened.Add(1)
			}
		}
		server.Start()
		r, err := Load{Address: server.Listener.Addr().String(), Connections: connections, Requests: 20, Each: true}.Run()
		server.Close()
		if err != nil || r.Right != 20 || opened.Load() != 21 { // one finds out whether the server listens
			t.Errorf("%d at a time: %d right on %d connections, error %v; want 20 on 21", connections, r.Right, opened.Load(), err)
		}
	}
}
