package container

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestExplainTellsOldEngines holds that the error says when the API of an engine is too old, and what to do.
func TestExplainTellsOldEngines(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"an old engine": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Api-Version", "1.24")
			http.Error(w, `{"message":"client is newer than server (client API version: 1.40, server API version: 1.24)"}`, http.StatusBadRequest)
		},
		"a wanted version": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Api-Version", "1.41")
			http.Error(w, `{"message":"client version 1.99 is too new. Maximum supported API version is 1.41"}`, http.StatusBadRequest)
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(answer)
			defer server.Close()
			t.Setenv("DOCKER_HOST", "tcp://"+server.Listener.Addr().String())
			t.Setenv("DOCKER_TLS_VERIFY", "")
			engine, err := Connect()
			if err != nil {
				t.Fatal(err)
			}
			defer engine.Close()
			_, err = engine.Has(t.Context(), "scratch")
			if err == nil || !strings.Contains(err.Error(), "speak no common version of its API: renew the engine") {
				t.Errorf("got %v", err)
			}
		})
	}
}
