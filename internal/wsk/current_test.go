package wsk

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk/wsktest"
)

// TestUpdate: only what changes something is sent.
func TestUpdate(t *testing.T) {
	stub := wsktest.New()
	client := serve(t, stub)
	action := Action{Name: parsed(t, "pkg/hello"), Image: tag}
	tests := []struct {
		name    string
		change  func()
		version string
		changed bool
	}{
		{"created", func() {}, "0.0.1", true},
		{"the same", func() {}, "0.0.1", false},
		{"another image", func() { action.Image += "0" }, "0.0.2", true},
		{"code", func() { action.Code = code(t, "a.sh", "true") }, "0.0.3", true},
		{"the same code", func() {}, "0.0.3", false},
		{"no code", func() { action.Code = nil }, "0.0.4", true},
		{"main", func() { action.Main = "run" }, "0.0.5", true},
		{"memory, which it has by default", func() { action.Memory = 256 }, "0.0.5", false},
		{"more memory", func() { action.Memory = 512 }, "0.0.6", true},
		{"memory, not given again", func() { action.Memory = 0 }, "0.0.6", false},
		{"a shorter time", func() { action.Timeout = 1000 }, "0.0.7", true},
		{"a parameter", func() { action.Parameters = []KeyValue{{Key: "a", Value: json.RawMessage(`{"b":[1, 2]}`)}} }, "0.0.8", true},
		{"the same parameter", func() {}, "0.0.8", false},
		{"as a variable", func() { action.Parameters[0].Init = true }, "0.0.9", true},
		{"an annotation", func() { action.Annotations = []KeyValue{{Key: "web-export", Value: json.RawMessage("true")}} }, "0.0.10", true},
		{"the same annotation", func() {}, "0.0.10", false},
		{"another annotation", func() { action.Annotations[0].Value = json.RawMessage("false") }, "0.0.11", true},
	}
	for _, test := range tests {
		test.change()
		version, changed, err := client.Update(t.Context(), action)
		if err != nil || version != test.version || changed != test.changed {
			t.Errorf("%s: version %s, changed %t, %v", test.name, version, changed, err)
		}
	}
	stub.Fail = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true }
	_, _, err := client.Update(t.Context(), action)
	checkLine(t, err, "get pkg/hello: ", "answered 502, but not as OpenWhisk does")
}
