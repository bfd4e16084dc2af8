//go:build linux

package whisk

import (
	"testing"
)

// body has a byte of room behind it, as a request's body has.
func body(text string) []byte {
	b := append([]byte(text), '!')
	return b[:len(text)]
}

func TestSplitRun(t *testing.T) {
	for name, test := range map[string]struct {
		body, value, line string
		deadline          int64
	}{
		"plain":             {`{"value":{"name":"Mike"}}`, `{"name":"Mike"}`, `{"value":{"name":"Mike"}}`, 0},
		"array":             {`{"value":[1]}`, `[1]`, `{"value":[1]}`, 0},
		"empty":             {``, `{}`, `{"value":{}}`, 0},
		"blank":             {" \n", `{}`, `{"value":{}}`, 0},
		"no value":          {`{"activation_id":"a"}`, `{}`, `{"value":{},"activation_id":"a"}`, 0},
		"null value":        {`{"value":null,"activation_id":"a"}`, `{}`, `{"value":{},"activation_id":"a"}`, 0},
		"deadline number":   {`{"value":{},"deadline":1515526795000}`, `{}`, `{"value":{},"deadline":1515526795000}`, 1515526795000},
		"deadline string":   {`{"value":{},"deadline":"1515526795000"}`, `{}`, `{"value":{},"deadline":"1515526795000"}`, 1515526795000},
		"deadline nonsense": {`{"value":{},"deadline":"soon"}`, `{}`, `{"value":{},"deadline":"soon"}`, 0},
		"many lines":        {"{\n\"value\":\r\n{\"a\":\n1}\n}", `{"a": 1}`, `{ "value":  {"a": 1} }`, 0},
		"bytes stay":        {`{"value":{"winter":"❄","n":1.10,"e":"\u2744"}}`, `{"winter":"❄","n":1.10,"e":"\u2744"}`, `{"value":{"winter":"❄","n":1.10,"e":"\u2744"}}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r, failed := splitRun(body(test.body))
			if failed != nil {
				t.Fatal(failed.Text)
			}
			if string(r.Value) != test.value || string(r.Body) != test.line || r.Deadline != test.deadline {
				t.Errorf("value %q, line %q, deadline %d; want %q, %q, %d", r.Value, r.Body, r.Deadline, test.value, test.line, test.deadline)
			}
		})
	}
}

func TestSplitRunErrors(t *testing.T) {
	for text, want := range map[string]Failure{
		`x`:             {Status: 400, Text: "Error unmarshaling request: unexpected 'x' where an object was expected at byte 0"},
		`[]`:            {Status: 400, Text: "Error unmarshaling request: unexpected '[' where an object was expected at byte 0"},
		`{"value":{}`:   {Status: 400, Text: "Error unmarshaling request: the text ends where a comma or the end of the object was expected at byte 11"},
		`{"value":1}`:   {Status: 404, Text: textNoArgument},
		`{"value":"x"}`: {Status: 404, Text: textNoArgument},
	} {
		if _, failed := splitRun(body(text)); failed == nil || *failed != want {
			t.Errorf("splitRun(%q): %+v, want %+v", text, failed, want)
		}
	}
}

func TestSplitRunAllocatesNothing(t *testing.T) {
	b := body(`{"value":{"name":"Mike"},"namespace":"guest","activation_id":"a","deadline":"1515526795000"}`)
	if n := testing.AllocsPerRun(100, func() { splitRun(b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestIsResult(t *testing.T) {
	for line, want := range map[string]bool{
		`{}`: true, ` [1] `: true, `{"error":"x"}`: true, "{}\r": true,
		``: false, `null`: false, `1`: false, `"x"`: false, `{`: false, `{} {}`: false, `hello`: false,
	} {
		if got := isResult([]byte(line)); got != want {
			t.Errorf("isResult(%q) = %v", line, got)
		}
	}
}

func BenchmarkReadRun(b *testing.B) {
	text := body(`{"value":{"name":"Mike"},"namespace":"guest","action_name":"/guest/hello","activation_id":"0123456789abcdef0123456789abcdef","deadline":"1515526795000"}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, failed := splitRun(text); failed != nil {
			b.Fatal(failed.Text)
		}
	}
}
