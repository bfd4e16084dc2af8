package mistake

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestConflict(t *testing.T) {
	for text, want := range map[string]int{
		"":                               0,
		"a\n=======\n":                   0, // a heading has that, too
		"a\n<<<<<<< HEAD\n":              2,
		"a\r\nb\r\n>>>>>>> main\r\n":     3,
		"||||||| base":                   1,
		" <<<<<<< HEAD\n<<<<<<<<<<<<\n":  0,
		"name: x\nb: \"<<<<<<< HEAD\"\n": 0,
	} {
		if got := Conflict([]byte(text)); got != want {
			t.Errorf("%q: line %d, want %d", text, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": 1}`:                 "",
		"{\n<<<<<<< HEAD\n":        "line 2: " + Advice,
		"":                         "the JSON ends too early: a part of the file is missing",
		"{\n \"a\": ":              "the JSON ends too early: a part of the file is missing",
		"{\n \"a\": 1,\n}":         "line 3:1: not valid JSON: invalid character '}' looking for beginning of object key string",
		"{\n \"a\": \"one\"\n}":    "line 2:11: a is string, want a number",
		"[]":                       "line 1:1: it is array, want an object",
		"{\n \"a\": 1, \"b\": 2 }": `line 2:10: unknown field "b"`,
	} {
		var value struct {
			A int `json:"a"`
		}
		decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
		decoder.DisallowUnknownFields()
		err := JSON([]byte(text), decoder.Decode(&value))
		if got := message(err); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte("{\n<<<<<<< HEAD\n"))
	f.Add([]byte(`{"a": "b"}`))
	f.Add([]byte(`{"\u0062": 1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var value struct {
			A int `json:"a"`
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&value)
		if got := JSON(text, err); (got == nil) != (err == nil) {
			t.Errorf("%q: %v became %v", text, err, got)
		}
	})
}
