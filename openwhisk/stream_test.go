//go:build linux

package openwhisk_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
)

// example compiles an example of the stemcell, whose sessions in version 2 are played with those of other languages.
func example(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "exec")
	if out, err := exec.Command("go", "build", "-o", program, "../stemcells/go/examples/"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// A stream becomes the body of the result for who takes answers of one piece, as the platform's invoker does.
func TestStreamIsCollected(t *testing.T) {
	for name, test := range map[string][2]string{
		"countdown": {`{"from":2,"pause":0}`, `{"counted":2,"headers":{"content-type":"text/plain; charset=utf-8"},"body":"2\n1\nlift-off\n"}`},
		"events":    {`{"items":[1]}`, `{"events":1,"headers":{"content-type":"text/event-stream"},"body":"id: 1\ndata: {\"item\":1}\n\n"}`},
		"tokens":    {`{"prompt":"Mike"}`, `{"tokens":5,"headers":{"content-type":"text/plain; charset=utf-8"},"body":"Hello, Mike!\n"}`},
	} {
		t.Run(name, func(t *testing.T) {
			program := example(t, name)
			for way, s := range map[string]*server{
				"alone":    start(t, program),
				"exec":     start(t, built.proxy),
				"as child": start(t, built.proxy, "OW_PROTOCOL=actionloop", "OW_WAIT_FOR_ACK=1"),
			} {
				if way != "alone" {
					if got := s.post("/init", upload(t, program, `{}`)); got != "200 OK" {
						t.Fatalf("%s: init: %s", way, got)
					}
				}
				if got := s.post("/run", `{"value":`+test[0]+`}`); got != "200 "+test[1] {
					t.Errorf("%s: got %s, want %s", way, got, test[1])
				}
			}
		})
	}
}

// A stream that is too long is an error, and its run ends.
func TestStreamIsTooLong(t *testing.T) {
	s := start(t, example(t, "events"), "OW_STREAM_MAX=1000")
	items, _ := json.Marshal(make([]int, 100))
	if got := s.post("/run", `{"value":{"items":`+string(items)+`}}`); got != `200 {"error":"the stream is longer than OW_STREAM_MAX"}` {
		t.Errorf("got %.300s", got)
	}
	if got := s.post("/run", `{"value":{"items":[]}}`); got != `200 {"events":0,"headers":{"content-type":"text/event-stream"},"body":""}` {
		t.Errorf("got %.300s", got)
	}
}
