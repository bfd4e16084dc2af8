package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// TestForeignTextOnATerminal holds that the answers of a container cannot control the user's terminal.
func TestForeignTextOnATerminal(t *testing.T) {
	program := testkit.Compile(t, ".")
	for _, test := range []struct {
		status     int
		body, want string
		exit       int
	}{
		{http.StatusOK, "{\"a\":\"\u009b31mred\x7f\u202e\"}", `{"a":"\u009b31mred\u007f\u202e"}`, 0},
		{http.StatusBadGateway, "{\"error\":\"\x1b]0;title\x07worse\xff\"}", `{"error":"\u001b]0;title\u0007worse\xff"}`, 1},
	} {
		container := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/run" {
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}
		}))
		defer container.Close()
		screen, exit := onTerminal(t, program, "invoke", container.URL)
		if exit != test.exit || !strings.Contains(screen, test.want) || strings.ContainsAny(screen, "\x07\u009b\u202e") || strings.Contains(screen, "\x1b]") {
			t.Errorf("exit status %d, want %d, and on the terminal %s in %q", exit, test.exit, test.want, screen)
		}
	}
}
