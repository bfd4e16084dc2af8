//go:build linux

package native

import (
	"strings"
	"testing"
)

// TestGreeting holds which first lines of a child are taken, and how those are refused that are not.
func TestGreeting(t *testing.T) {
	auto := LoopOptions{Greeting: Handshake, Least: 1, Most: 2, Overlap: true}
	v1, v2, alone, workers, launcher := auto, auto, auto, auto, auto
	v1.Most, v2.Least, alone.Overlap = 1, 2, false
	workers.Most, workers.Workers = 1, 4
	launcher.Greeting = Acknowledgement
	for _, test := range []struct {
		name    string
		options LoopOptions
		line    string
		want    greeting
		refused string
	}{
		{"version 1", auto, `{"openwhisk":1}`, greeting{version: 1}, ""},
		{"version 2", auto, `{"openwhisk":2}`, greeting{version: 2, concurrency: 1}, ""},
		{"version 2 with all", auto, `{"openwhisk":2,"concurrency":16,"request":true}`, greeting{2, 16, true}, ""},
		{"version 2 of a launcher", launcher, `{"openwhisk":2,"concurrency":4,"request":true}`, greeting{2, 4, true}, ""},
		{"an acknowledgement", launcher, `{"ok":true}`, greeting{}, ""},
		{"runs must not overlap", alone, `{"openwhisk":2,"concurrency":16}`, greeting{version: 2, concurrency: 1}, ""},
		{"very many runs", auto, `{"openwhisk":2,"concurrency":5000}`, greeting{version: 2, concurrency: mostConcurrent}, ""},
		{"version 3", auto, `{"openwhisk":3}`, greeting{}, "it speaks version 3 of the native protocol; this proxy speaks versions 1 and 2"},
		{"version 2 where 1 is set", v1, `{"openwhisk":2}`, greeting{}, "this proxy speaks version 1"},
		{"version 1 where 2 is set", v2, `{"openwhisk":1}`, greeting{}, "this proxy speaks version 2 here (OW_PROTOCOL)"},
		{"version 2 of a worker", workers, `{"openwhisk":2}`, greeting{}, "version 1 to several workers (OW_WORKERS)"},
		{"a negative launcher", launcher, `{"ok":false}`, greeting{}, "The action did not initialize properly."},
		{"no object", auto, `hello`, greeting{}, `its first line is not the handshake {"openwhisk":1} but "hello"`},
		{"concurrency 0", auto, `{"openwhisk":2,"concurrency":0}`, greeting{}, `is not a number from 1 up but "0"`},
		{"concurrency -1", auto, `{"openwhisk":2,"concurrency":-1}`, greeting{}, `is not a number from 1 up but "-1"`},
		{"concurrency 1.5", auto, `{"openwhisk":2,"concurrency":1.5}`, greeting{}, `is not a number from 1 up but "1.5"`},
		{"concurrency as text", auto, `{"openwhisk":2,"concurrency":"4"}`, greeting{}, `is not a number from 1 up but`},
	} {
		t.Run(test.name, func(t *testing.T) {
			said, failed := test.options.read([]byte(test.line))
			switch {
			case failed == nil && (said != test.want || test.refused != ""):
				t.Errorf("taken as %+v; want %+v, %q", said, test.want, test.refused)
			case failed != nil && (test.refused == "" || !strings.Contains(failed.Reason, test.refused)):
				t.Errorf("refused: %s; want %q", failed.Reason, test.refused)
			}
		})
	}
}
