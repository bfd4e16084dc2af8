//go:build linux

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// counter stands before a registry and counts the bytes that are sent to it.
type counter struct {
	server *httptest.Server
	host   string // to push to, in place of the registry
	sent   atomic.Int64
}

func newCounter(registry string) (*counter, error) {
	to, err := url.Parse("http://" + registry)
	if err != nil {
		return nil, err
	}
	c := &counter{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // which the registry names in its answers
	}}
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = &counted{r.Body, &c.sent}
		proxy.ServeHTTP(w, r)
	}))
	c.host = c.server.Listener.Addr().String()
	return c, nil
}

func (c *counter) close() { c.server.Close() }

// counted counts what is read of a body.
type counted struct {
	io.ReadCloser
	sum *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.sum.Add(int64(n))
	return n, err
}
