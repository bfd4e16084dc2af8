package invoke

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recorded answers every request with a status and "OK", and keeps what was posted.
func recorded(t *testing.T, status int) (Client, *map[string]map[string]any) {
	t.Helper()
	posted := map[string]map[string]any{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != http.MethodPost {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		posted[r.URL.Path] = body
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "OK")
	}))
	t.Cleanup(server.Close)
	return Client{URL: server.URL, Name: "hello", Main: "main"}, &posted
}

func TestInit(t *testing.T) {
	tests := []struct {
		name, code string
		want       map[string]any
	}{
		{"nothing", "", map[string]any{"name": "hello", "main": "main", "code": "", "binary": false, "env": map[string]any{}}},
		{"text", "#!/bin/sh\necho ☃\n", map[string]any{"name": "hello", "main": "main", "code": "#!/bin/sh\necho ☃\n", "binary": false, "env": map[string]any{}}},
		{"a program", "\x7fELF\x00", map[string]any{"name": "hello", "main": "main", "code": "f0VMRgA=", "binary": true, "env": map[string]any{}}},
		{"an archive", "PK\x03\x04\xff", map[string]any{"name": "hello", "main": "main", "code": "UEsDBP8=", "binary": true, "env": map[string]any{}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, posted := recorded(t, http.StatusOK)
			answer, err := client.Init(t.Context(), []byte(test.code))
			if err != nil || !answer.OK() || string(answer.Body) != "OK" {
				t.Errorf("got %v, %v", answer, err)
			}
			if diff := cmp.Diff(test.want, (*posted)["/init"]["value"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRun(t *testing.T) {
	client, posted := recorded(t, http.StatusBadGateway)
	answer, err := client.Run(t.Context(), json.RawMessage(`{"name":"Mike"}`))
	if err != nil || answer.OK() || answer.Status != http.StatusBadGateway {
		t.Errorf("got %v, %v", answer, err)
	}
	run := (*posted)["/run"]
	if diff := cmp.Diff(map[string]any{"name": "Mike"}, run["value"]); diff != "" {
		t.Error(diff)
	}
	if run["action_name"] != "/guest/hello" || len(run["activation_id"].(string)) != 32 {
		t.Errorf("posted %v", run)
	}
	if deadline, ok := run["deadline"].(string); !ok || len(deadline) != len("1700000000000") {
		t.Errorf("the deadline is not a text of milliseconds: %v", run["deadline"])
	}
}

func TestNoAnswer(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cutting := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer cutting.Close()
	for address, want := range map[string]string{
		gone.URL:    "nothing listens at " + gone.URL,
		cutting.URL: cutting.URL + "/run closed the connection without an answer",
	} {
		answer, err := Client{URL: address}.Run(t.Context(), json.RawMessage(`{}`))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, %v, want %s", answer, err, want)
		}
	}
}

// TestWholeAnswerOrNone holds that an answer that its sender cuts, or that is too long, is an error.
func TestWholeAnswerOrNone(t *testing.T) {
	block := bytes.Repeat([]byte("x"), 1<<20)
	for name, test := range map[string]struct {
		blocks, promised int
		want             string
	}{
		"all that is taken": {blocks: 64, promised: 64 << 20},
		"a byte more":       {blocks: 65, want: "/run answered more than 64 MiB"},
		"cut":               {blocks: 1, promised: 2 << 20, want: "/run ended in the middle of its answer, after 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if test.promised > 0 {
					w.Header().Set("Content-Length", strconv.Itoa(test.promised))
				}
				for range test.blocks {
					_, _ = w.Write(block)
				}
			}))
			defer server.Close()
			answer, err := Client{URL: server.URL}.Run(t.Context(), json.RawMessage(`{}`))
			if test.want == "" {
				if err != nil || len(answer.Body) != test.promised {
					t.Errorf("got %d bytes, %v", len(answer.Body), err)
				}
			} else if err == nil || !strings.HasPrefix(err.Error(), server.URL+test.want) {
				t.Errorf("got %d bytes, %v, want %s", len(answer.Body), err, test.want)
			}
		})
	}
}

func TestParseURL(t *testing.T) {
	for text, want := range map[string]string{
		"8080":                   "http://127.0.0.1:8080",
		"localhost:8080":         "http://localhost:8080",
		"http://localhost:8080/": "http://localhost:8080",
		"https://host/behind/a":  "https://host/behind/a",
		"":                       "",
		"ftp://host":             "",
		"http://":                "",
		"a b":                    "",
	} {
		got, err := ParseURL(text)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestValue(t *testing.T) {
	tests := []struct {
		name, document string
		parameters     []string
		want, mistake  string
	}{
		{name: "nothing", want: `{}`},
		{name: "a document", document: " {\"a\": 1}\n", want: `{"a": 1}`},
		{name: "an array", document: `[1,2]`, want: `[1,2]`},
		{name: "text", parameters: []string{"name=Mike"}, want: `{"name":"Mike"}`},
		{name: "text with =", parameters: []string{"q=a=b"}, want: `{"q":"a=b"}`},
		{name: "empty text", parameters: []string{"q="}, want: `{"q":""}`},
		{name: "JSON", parameters: []string{"n=3", "o={\"a\":[1]}", "t=true", `s="3"`}, want: `{"n":3,"o":{"a":[1]},"s":"3","t":true}`},
		{name: "over a document", document: `{"a":1,"b":2}`, parameters: []string{"b=3"}, want: `{"a":1,"b":3}`},
		{name: "a scalar", document: `3`, mistake: "the value of a run is a JSON object or array"},
		{name: "no JSON", document: `{"a":`, mistake: "the value of a run is a JSON object or array"},
		{name: "into an array", document: `[]`, parameters: []string{"a=1"}, mistake: "parameters go into an object"},
		{name: "no value", parameters: []string{"a"}, mistake: `parameter "a": want NAME=VALUE`},
		{name: "no name", parameters: []string{"=a"}, mistake: `parameter "=a": want NAME=VALUE`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Value([]byte(test.document), test.parameters)
			if test.mistake != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.mistake) {
					t.Errorf("got %s, %v, want %s", got, err, test.mistake)
				}
				return
			}
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestAnswerTellsHowLongItTook(t *testing.T) {
	client, _ := recorded(t, http.StatusOK)
	began := time.Now()
	answer, err := client.Run(t.Context(), json.RawMessage(`{}`))
	if err != nil || answer.Took <= 0 || answer.Took > time.Since(began) {
		t.Errorf("took %v, %v", answer.Took, err)
	}
}
