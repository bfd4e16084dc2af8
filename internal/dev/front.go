package dev

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// front is the address of the action, whichever place is behind it.
type front struct {
	url    string
	server *http.Server
	proxy  *httputil.ReverseProxy
	behind chan *url.URL // of length 1: where requests go to
}

// listen listens on a port of this machine.
func listen(port int) (*front, error) {
	listener, err := loopback(port)
	if err != nil {
		return nil, err
	}
	f := &front{url: "http://" + listener.Addr().String(), behind: make(chan *url.URL, 1)}
	f.behind <- nil
	f.proxy = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(f.target())
	}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, `{"error":"the action does not answer: `+strings.ReplaceAll(err.Error(), `"`, "'")+`"}`, http.StatusBadGateway)
	}}
	f.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.target() == nil {
			http.Error(w, `{"error":"the action does not run yet"}`, http.StatusServiceUnavailable)
			return
		}
		f.proxy.ServeHTTP(w, r)
	})}
	go func() { _ = f.server.Serve(listener) }() // it ends with close
	return f, nil
}

func (f *front) target() *url.URL {
	at := <-f.behind
	f.behind <- at
	return at
}

func (f *front) lead(address string) {
	parsed, err := url.Parse(address)
	if err != nil {
		parsed = nil
	}
	<-f.behind
	f.behind <- parsed
}

func (f *front) close() { _ = f.server.Close() }
