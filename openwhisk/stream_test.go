//go:build linux

package openwhisk_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// example compiles an example of the stemcell, whose sessions in version 2 are played with those of other languages.
func example(t *testing.T, name string) string {
	t.Helper()
	return testkit.Compile(t, "../stemcells/go/examples/"+name)
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

// A handler waits for its reader, and loses one that takes nothing: its context ends, and the next run has its turn.
func TestReaderTakesNothing(t *testing.T) {
	s := start(t, example(t, "events"))
	items, _ := json.Marshal(slices.Repeat([]string{strings.Repeat("x", 64<<10)}, 400))
	body := `{"value":{"items":` + string(items) + `}}`
	conn := s.Dial()
	conn.SetReadBuffer(64 << 10) // else the kernel may take all of the stream
	if _, err := fmt.Fprintf(conn, "POST /run HTTP/1.1\r\nHost: action\r\nAccept: %s\r\nContent-Length: %d\r\n\r\n%s", testkit.StreamType, len(body), body); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(conn.Reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.post("/run", `{"value":{"items":[]}}`); got != `200 {"events":0,"headers":{"content-type":"text/event-stream"},"body":""}` {
		t.Errorf("got %.300s", got)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	if got := answer.Trailer.Get("OpenWhisk-Status"); got != "error" {
		t.Errorf("the stream ended with %v", answer.Trailer)
	}
}

// A reader that is slow, but reads, gets everything.
func TestReaderIsSlow(t *testing.T) {
	s := start(t, example(t, "events"))
	items, _ := json.Marshal(slices.Repeat([]string{strings.Repeat("x", 64<<10)}, 400))
	r := s.Stream(`{"value":{"items":` + string(items) + `}}`)
	if got := r.Result(); got != `{"events":400}` || strings.Count(r.Text(), "\n\n") != 400 {
		t.Errorf("got %.300s after %d bytes", got, len(r.Text()))
	}
}
