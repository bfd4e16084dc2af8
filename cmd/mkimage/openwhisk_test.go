package main

import (
	"net/http/httptest"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk/wsktest"
)

// stubOf is the key under which a script keeps its stub.
const stubOf = "openwhisk"

// startOpenWhisk is the command "openwhisk".
func startOpenWhisk(ts *testscript.TestScript, _ bool, _ []string) {
	stub, ok := ts.Value(stubOf).(*wsktest.Stub)
	if !ok {
		ts.Fatalf("no stub")
	}
	server := httptest.NewServer(stub)
	ts.Defer(server.Close)
	ts.Setenv("OPENWHISK", server.URL)
	ts.Setenv("OPENWHISK_KEY", wsktest.Key)
}

// writeAsked is the command "asked FILE".
func writeAsked(ts *testscript.TestScript, _ bool, args []string) {
	var text strings.Builder
	for _, request := range ts.Value(stubOf).(*wsktest.Stub).Requests() {
		text.WriteString(request.Method + " " + request.Path)
		if request.Query != "" {
			text.WriteString("?" + request.Query)
		}
		text.WriteString(strings.TrimRight(" "+request.Body, " \n") + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o666))
}
