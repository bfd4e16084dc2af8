//go:build linux

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestCounter holds that the counter counts the bytes of a push, and passes them on to the host that they are for.
func TestCounter(t *testing.T) {
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "layer" {
			t.Errorf("got %q, %v", body, err)
		}
		_, _ = io.WriteString(w, r.Host)
	}))
	defer registry.Close()
	c, err := newCounter(strings.TrimPrefix(registry.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	response, err := http.Post("http://"+c.host+"/v2/", "text/plain", strings.NewReader("layer"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if host, err := io.ReadAll(response.Body); err != nil || string(host) != c.host || c.sent.Load() != 5 {
		t.Errorf("%d bytes for %s, %v", c.sent.Load(), host, err)
	}
}
