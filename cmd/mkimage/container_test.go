package main

import (
	"net/http"
	"net/http/httptest"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// startContainer is the command "container STATUS BODY [LOCATION]": it starts a server that answers every init with 200
// and every run as told. Its URL is then in $CONTAINER.
func startContainer(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	body, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/init" {
			return
		}
		if len(args) > 2 {
			w.Header().Set("Location", args[2])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	ts.Defer(server.Close)
	ts.Setenv("CONTAINER", server.URL)
}
