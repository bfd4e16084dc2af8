//go:build linux

package load

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

func TestRequestIsWhatAServerReads(t *testing.T) {
	for _, pad := range []int{0, 1, 64, 1000} {
		r := newRequest("127.0.0.1:8080", "/run", pad, pad == 64)
		r.setID(42)

		got, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(r.bytes)))
		if err != nil {
			t.Fatalf("pad %d: %v", pad, err)
		}
		if got.Method != "POST" || got.URL.Path != "/run" || got.Host != "127.0.0.1:8080" {
			t.Errorf("pad %d: %s %s on %s", pad, got.Method, got.URL, got.Host)
		}
		if got.Close != (pad == 64) {
			t.Errorf("pad %d: the connection is to be closed: %v", pad, got.Close)
		}
		body, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		var parsed struct {
			Value struct{ Name, Pad string }
		}
		if err := json.Unmarshal(body, &parsed); err != nil {
			t.Fatalf("pad %d: %v in %s", pad, err, body)
		}
		if parsed.Value.Name != "u00000042" || len(parsed.Value.Pad) != pad {
			t.Errorf("name %q and pad of %d, want u00000042 and %d", parsed.Value.Name, len(parsed.Value.Pad), pad)
		}
	}
}

func TestCopiedRequestsHaveIDsOfTheirOwn(t *testing.T) {
	a := newRequest("h", "/run", 0, false)
	b := a.copy()
	a.setID(1)
	b.setID(123456789)
	if string(a.id()) != "u00000001" || string(b.id()) != "u23456789" {
		t.Errorf("ids %s and %s", a.id(), b.id())
	}
}
