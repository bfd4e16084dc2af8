//go:build linux

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestTicks(t *testing.T) {
	const stat = "7 (dockerd (a b)) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 25 75 20 0 9 0 1 2 3"
	if got, err := ticks(stat); err != nil || got != 3*time.Second {
		t.Errorf("got %v, %v", got, err)
	}
	for _, wrong := range []string{"", "7 (dockerd) S 1", strings.Replace(stat, "150", "x", 1)} {
		if got, err := ticks(wrong); err == nil {
			t.Errorf("%q: %v", wrong, got)
		}
	}
}

// TestCounter holds that what is pushed is counted, and arrives for the host that it was sent to.
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
