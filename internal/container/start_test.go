package container

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TestInterruptedCreate: an engine creates a container also for a client that has gone. It is removed.
func TestInterruptedCreate(t *testing.T) {
	alone(t)
	ctx, cancel := context.WithCancel(t.Context())
	var mutex sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		mutex.Lock()
		asked = append(asked, r.Method+" "+path)
		mutex.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch {
		case path == "containers/create":
			cancel()
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"Id":"c0"}`))
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Api-Version", "1.44")
			_, _ = w.Write([]byte(`{}`))
		}
	}))
	defer server.Close()
	t.Setenv("DOCKER_HOST", "tcp://"+server.Listener.Addr().String())
	if _, err := connected(t).Start(ctx, "hello", Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	last := asked[len(asked)-1]
	if !strings.HasPrefix(last, "DELETE containers/mkimage-run-") {
		t.Errorf("the engine was asked last: %s", last)
	}
	for _, each := range asked {
		if strings.HasSuffix(each, "/start") {
			t.Errorf("the container was started: %q", asked)
		}
	}
}
