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
		{"an annotation", func() { action.Annotations = pairs("web-export", "true") }, "0.0.10", true},
		{"the same annotation", func() {}, "0.0.10", false},
		{"another annotation", func() { action.Annotations = pairs("web-export", "false") }, "0.0.11", true},
		{"one more", func() { action.Annotations = pairs("description", `"d"`) }, "0.0.12", true},
		{"that again, beside another one that is there", func() {}, "0.0.12", false},
		{"both", func() { action.Annotations = pairs("web-export", "false", "description", `"d"`) }, "0.0.12", false},
		{"no annotations asked for", func() { action.Annotations = nil }, "0.0.12", false},
		{"what OpenWhisk has set when it was created", func() { action.Annotations = pairs("provide-api-key", "false") }, "0.0.12", false},
		{"the other way", func() { action.Annotations = pairs("provide-api-key", "true") }, "0.0.13", true},
		{"and again", func() {}, "0.0.13", false},
		{"one that OpenWhisk sets itself", func() { action.Annotations = pairs("exec", `"nodejs"`) }, "0.0.13", false},
		{"an object", func() { action.Annotations = pairs("o", `{"b":{"d":1,"c":2},"a":1.0}`) }, "0.0.14", true},
		{"its members sorted, its numbers written otherwise", func() { action.Annotations = pairs("o", `{"a":1,"b":{"c":2e0,"d":1.0}}`) }, "0.0.14", false},
		{"parameters in another order", func() { action.Parameters = pairs("y", "1", "x", `{"b":1,"a":2}`) }, "0.0.15", true},
		{"and back", func() { action.Parameters = pairs("x", `{"a":2,"b":1}`, "y", "1.0") }, "0.0.15", false},
		{"one parameter less", func() { action.Parameters = pairs("y", "1") }, "0.0.16", true},
		{"null", func() { action.Parameters = pairs("y", "null") }, "0.0.17", true},
		{"null again", func() {}, "0.0.17", false},
		{"no parameters asked for", func() { action.Parameters = nil }, "0.0.17", false},
		{"code of blanks, which is none", func() { action.Code = code(t, "b.sh", " \n") }, "0.0.17", false},
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

// pairs returns keys with their values.
func pairs(words ...string) []KeyValue {
	var all []KeyValue
	for i := 0; i < len(words); i += 2 {
		all = append(all, KeyValue{Key: words[i], Value: json.RawMessage(words[i+1])})
	}
	return all
}

// TestUpdateInPackage holds that the parameters of a package, which OpenWhisk answers with those of its actions, do not
// count as a change.
func TestUpdateInPackage(t *testing.T) {
	stub := wsktest.New()
	stub.Packages = map[string][]any{"pkg": {map[string]any{"key": "host", "value": "a"}, map[string]any{"key": "port", "value": 1}}}
	client := serve(t, stub)
	tests := []struct {
		name, action string
		parameters   []KeyValue
		changed      bool
	}{
		{"created", "pkg/hello", pairs("port", "2"), true},
		{"the same", "pkg/hello", pairs("port", "2"), false},
		{"another value", "pkg/hello", pairs("port", "3"), true},
		{"another parameter", "pkg/hello", pairs("path", "3"), true},
		{"created in a package that may not be read", "other/hello", pairs("port", "2"), true},
		{"the same there", "other/hello", pairs("port", "2"), false},
	}
	for _, test := range tests {
		action := Action{Name: parsed(t, test.action), Image: tag, Parameters: test.parameters}
		if _, changed, err := client.Update(t.Context(), action); err != nil || changed != test.changed {
			t.Errorf("%s: changed %t, %v", test.name, changed, err)
		}
	}
}

// TestUpdateOfForeign: what no value of ours is like is updated.
func TestUpdateOfForeign(t *testing.T) {
	for name, there := range map[string]string{
		"an encrypted parameter": `{"version":"0.0.7","exec":{"kind":"blackbox","image":"` + tag + `"},"parameters":[{"key":"a","value":"x","encryption":"aes-128"}]}`,
		"code that is lost":      `{"version":"0.0.7","exec":{"kind":"blackbox","image":"` + tag + `","code":{"attachmentName":"x"}},"parameters":[{"key":"a","value":"x"}]}`,
		"a sequence":             `{"version":"0.0.7","exec":{"kind":"sequence","components":[]},"parameters":[{"key":"a","value":"x"}]}`,
	} {
		stub := wsktest.New()
		stub.Fail = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet {
				return false
			}
			_, _ = w.Write([]byte(there))
			return true
		}
		action := Action{Name: parsed(t, "hello"), Image: tag, Parameters: pairs("a", `"x"`)}
		if _, changed, err := serve(t, stub).Update(t.Context(), action); err != nil || !changed {
			t.Errorf("%s: changed %t, %v", name, changed, err)
		}
	}
}
