//go:build linux

package whisk

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// split gives a text in pieces of n bytes.
type split struct {
	text []byte
	n    int
}

func (s *split) Next() ([]byte, error) {
	if len(s.text) == 0 {
		return nil, io.EOF
	}
	piece := s.text[:min(s.n, len(s.text))]
	s.text = s.text[len(piece):]
	return bytes.Clone(piece), nil
}

// kept is a sink that keeps the code.
type kept struct {
	bytes.Buffer
	told bool
}

func (k *kept) Binary(binary bool) { k.told = binary }

func read(text string, n int) (request *Init, code string, err error) {
	var sink *kept
	request, err = ReadInit(&split{[]byte(text), n}, func() (CodeSink, error) {
		sink = &kept{}
		return sink, nil
	})
	if err == nil && request.HasCode {
		code = sink.String()
	}
	return request, code, err
}

func TestReadInit(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want Init
		code string
	}{
		"seed":           {`{"value":{"binary":true,"code":"f0VMRg=="}}`, Init{HasCode: true, Binary: true}, "f0VMRg=="},
		"invoker":        {`{"value":{"name":"hi","main":"main","code":"x","binary":true,"env":{"A":"b"}}}`, Init{HasCode: true, Binary: true, Main: "main", Env: [][2]string{{"A", "b"}}}, "x"},
		"null env":       {`{"value":{"code":"x","env":null}}`, Init{HasCode: true}, "x"},
		"env values":     {`{"value":{"env":{"e":"","n":1.50,"o":{"a": [1, 2]},"k":"a=b","":"none","x=y":"none"}}}`, Init{Env: [][2]string{{"e", ""}, {"n", "1.50"}, {"o", `{"a":[1,2]}`}, {"k", "a=b"}}}, ""},
		"no code":        {`{"value":{}}`, Init{}, ""},
		"null code":      {`{"value":{"code":null}}`, Init{}, ""},
		"empty code":     {`{"value":{"code":""}}`, Init{}, ""},
		"escapes":        {`{"value":{"code":"#!/bin/sh\necho \"\u2744 \ud83d\ude00\" \\\/\t\ud83d-\ude00"}}`, Init{HasCode: true}, "#!/bin/sh\necho \"❄ 😀\" \\/\t\ufffd-\ufffd"},
		"blanks":         {" {\n\"value\" : {\"code\" :\t\"x\" , \"binary\" : false } , \"more\" : [ 1 , {} ] }\r\n", Init{HasCode: true}, "x"},
		"the last wins":  {`{"value":{"code":"a","code":"b"}}`, Init{HasCode: true}, "b"},
		"code then null": {`{"value":{"code":"a","code":null}}`, Init{}, ""},
		"second value":   {`{"value":{"code":"a","main":"m"},"value":{"code":"b"}}`, Init{HasCode: true}, "b"},
		"nothing":        {`{}`, Init{}, ""},
		"null":           {` null `, Init{}, ""},
		"null alone":     {`null`, Init{}, ""},
		"null value":     {`{"value":null}`, Init{}, ""},
		"not below it":   {`{"code":"x","binary":true}`, Init{}, ""},
		"null at last":   {`{"value":{"code":"a"},"value":null}`, Init{}, ""},
		"escaped names":  {`{"v\u0061lue":{"c\u006fde":"x"}}`, Init{HasCode: true}, "x"},
	} {
		t.Run(name, func(t *testing.T) {
			for n := 1; n <= len(test.text); n++ {
				request, code, err := read(test.text, n)
				if err != nil {
					t.Fatalf("in pieces of %d: %v", n, err)
				}
				if diff := cmp.Diff(test.want, *request); diff != "" || code != test.code {
					t.Fatalf("in pieces of %d: code %q, want %q; %s", n, code, test.code, diff)
				}
			}
		})
	}
}

func TestReadInitErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "unexpected end of the request",
		"x":                              "unexpected 'x' where an object was expected at byte 0",
		`[]`:                             "unexpected '[' where an object was expected at byte 0",
		`{"value":1}`:                    "the request's value is not an object",
		`{"value":[1]}`:                  "the request's value is not an object",
		`{"value":nul}`:                  "unexpected 'n' where a value was expected at byte 0",
		`null x`:                         "unexpected 'x' where the end of the request was expected at byte 5",
		`nul`:                            "unexpected 'n' where an object was expected at byte 0",
		` 12`:                            "unexpected '1' where an object was expected at byte 1",
		`"{}"`:                           "unexpected '\"' where an object was expected at byte 0",
		`{"value":{"code":1}}`:           "the value's code is not a string",
		`{"value":{"code":"x}}`:          "unexpected end of the request within the code",
		`{"value":{"code":"\q"}}`:        "invalid escape in the code",
		"{\"value\":{\"code\":\"\n\"}}":  "control character in the code (escape it as JSON does)",
		`{"value":{"binary":"yes"}}`:     "the value's binary is of the wrong type",
		`{"value":{"env":[]}}`:           "the value's env is of the wrong type",
		`{"value":{"code":"x"}} trailer`: "unexpected 't' where the end of the request was expected at byte 23",
		`{"value":{"code":"x"},}`:        "unexpected '}' where a member's name was expected at byte 22",
		`{"value":{"env":{"a":tru}}}`:    "unexpected 't' where a value was expected at byte 5",
	} {
		for _, n := range []int{1, 7, 1000} {
			_, _, err := read(text, n)
			var request *requestError
			if !errors.As(err, &request) || err.Error() != want {
				t.Errorf("read %q in pieces of %d: %v, want %q", text, n, err, want)
			}
		}
	}
}

func TestReadInitKeepsTheSinksError(t *testing.T) {
	full := errors.New("full")
	_, err := ReadInit(&split{[]byte(`{"value":{"code":"x"}}`), 5}, func() (CodeSink, error) { return nil, full })
	if err != full {
		t.Errorf("got %v, want the sink's error", err)
	}
}

// FuzzReadInit compares with encoding/json, whatever pieces the text comes in.
func FuzzReadInit(f *testing.F) {
	for _, text := range []string{
		`{"value":{"name":"hi","main":"main","code":"x","binary":true,"env":{"A":"b","n":1}}}`,
		`{"value":{"code":"\ud83d\ude00\ud83d\n\"","binary":false},"x":[{}]}`, `{"value":{"code":null,"env":null}}`, `{"value":{"code":"a","code":"b"}} `,
	} {
		f.Add(text, 3)
	}
	f.Fuzz(func(t *testing.T, text string, n int) {
		if n < 1 || n > 1000 || strings.Contains(text, "�") {
			return
		}
		request, code, err := read(text, n)
		var want struct {
			Value *struct {
				Code   *string
				Binary *bool
				Main   *string
				Env    map[string]json.RawMessage
			}
		}
		wantErr := json.Unmarshal([]byte(text), &want)
		if err == nil && wantErr != nil && !json.Valid([]byte(text)) {
			t.Fatalf("accepted %q, which is no JSON: %v", text, wantErr)
		}
		if err != nil || wantErr != nil || want.Value == nil || !bytes.Contains([]byte(text), []byte(`"value"`)) || caseMatters(text) {
			return
		}
		if want.Value.Code != nil && *want.Value.Code != "" && strings.ToValidUTF8(code, "�") != *want.Value.Code {
			t.Fatalf("code of %q is %q, want %q", text, code, *want.Value.Code)
		}
		if want.Value.Binary != nil && *want.Value.Binary != request.Binary {
			t.Fatalf("binary of %q is %v", text, request.Binary)
		}
	})
}

// caseMatters reports names that encoding/json takes for others, or takes twice.
func caseMatters(text string) bool {
	lower := strings.ToLower(text)
	for _, name := range []string{"value", "code", "binary", "main", "env"} {
		if strings.Count(lower, name) > 1 || strings.Count(lower, name) != strings.Count(text, name) {
			return true
		}
	}
	return strings.ContainsAny(text, "ſK\\")
}
