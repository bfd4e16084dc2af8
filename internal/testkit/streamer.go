package testkit

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A Streamer stands in for OpenServerless' streamer. For each request it listens on a port of its own, has the action
// run with STREAM_HOST and STREAM_PORT among its parameters, which are those of the request, and relays what one
// connection brings until it closes. As the real one does, it puts a LF where one of its reads ends, and where its client
// leaves while there is more to relay it reads no more and closes nothing.
type Streamer struct {
	URL     string
	Results chan Answer // of /run, as the invoker gets them
	action  *Client
}

// StartStreamer starts a streamer for the action that a proxy serves.
func StartStreamer(t testing.TB, action *Client) *Streamer {
	s := &Streamer{action: action, Results: make(chan Answer, 100)}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// ServeHTTP implements http.Handler.
func (s *Streamer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer listener.Close()
	value := map[string]any{}
	if err := json.NewDecoder(r.Body).Decode(&value); err != nil && err != io.EOF {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	value["STREAM_HOST"], value["STREAM_PORT"], _ = net.SplitHostPort(listener.Addr().String())
	body, _ := json.Marshal(map[string]any{"value": value}) // it was JSON
	go func() {
		answer, err := s.action.TryPost("/run", string(body))
		if err != nil {
			answer.Body = err.Error()
		}
		s.Results <- answer
	}()
	pieces := make(chan []byte)
	go relay(listener, pieces, r.Context().Done())
	for {
		select {
		case piece, more := <-pieces:
			if !more {
				return
			}
			w.Write(append(piece, '\n'))
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// relay sends what the first connection brings, in pieces of at most 2048 bytes. Who leaves is noticed between two of
// them, and not while one is taken by nobody.
func relay(listener net.Listener, pieces chan<- []byte, left <-chan struct{}) {
	defer close(pieces)
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	go func() {
		<-left
		conn.(*net.TCPConn).CloseRead()
	}()
	defer conn.Close()
	for {
		b := make([]byte, 2048)
		n, err := conn.Read(b)
		if n > 0 {
			pieces <- b[:n]
		}
		if err != nil {
			return
		}
	}
}
