// Package testkit is for tests that run programs of this module: it compiles them, starts a proxy, sends it requests,
// reads its logs, and makes archives for uploads. Only test files import it.
//
//	var proxy string // the file of the compiled proxy
//
//	func TestMain(m *testing.M) { testkit.Main(m, testkit.Program{File: &proxy, Source: "../proxy"}) }
//
//	func TestEcho(t *testing.T) {
//		s := testkit.Start(t, proxy, testkit.Env("OW_PROTOCOL=v1"))
//		if got := s.Init("#!/bin/sh\necho '{\"openwhisk\":1}'\ncat\n"); got != (testkit.Answer{Status: 200, Body: "OK"}) {
//			t.Fatal(got)
//		}
//	}
package testkit

import "time"

// Patience is how long a test waits for an event that has to come. Nothing is measured by it.
const Patience = 3 * time.Minute

// A Failer is a *testing.T, or a script of testscript.
type Failer interface {
	Fatalf(format string, args ...any)
}

// Await returns when a condition holds, and fails the test when it does not within Patience.
func Await(t Failer, event string, holds func() bool) {
	if t, ok := t.(interface{ Helper() }); ok {
		t.Helper()
	}
	for end := time.Now().Add(Patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %s in vain: %s", Patience, event)
		}
	}
}
