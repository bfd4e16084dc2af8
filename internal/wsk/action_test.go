package wsk

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tag is a reference as an action has it.
const tag = "r.example/go:content-0123456789ab"

// parsed returns the name that a test writes.
func parsed(t *testing.T, text string) Name {
	t.Helper()
	name, err := ParseName(text)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// code writes a file and reads it as the code of an action.
func code(t *testing.T, name, content string) *Code {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	code, err := ReadCode(path)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestBody holds what is sent against what wsk sends for the same command line, taken down from openwhisk-cli at its
// commit 23f3cf73b812 of 2024-09-25.
func TestBody(t *testing.T) {
	tests := []struct {
		name, command, want string
		action              Action
	}{
		{
			name: "baked", command: "wsk action update hello --docker " + tag,
			action: Action{Name: parsed(t, "hello"), Image: tag},
			want:   `{"namespace":"_","name":"hello","exec":{"kind":"blackbox","image":"` + tag + `"}}`,
		},
		{
			name: "zip", command: "wsk action create hello a.zip --docker " + tag,
			action: Action{Name: parsed(t, "hello"), Image: tag, Code: code(t, "a.zip", "PK\x03\x04zip")},
			want:   `{"namespace":"_","name":"hello","exec":{"kind":"blackbox","code":"UEsDBHppcA==","image":"` + tag + `"}}`,
		},
		{
			name:    "text, in a package",
			command: "wsk action create 'pkg/hel lo' c.rb --docker " + tag,
			action:  Action{Name: parsed(t, "pkg/hel lo"), Image: tag, Code: code(t, "c.rb", "hello <b>&")},
			want:    `{"namespace":"_","name":"pkg/hel lo","exec":{"kind":"blackbox","code":"hello <b>&","image":"` + tag + `"}}`,
		},
		{
			name:    "all there is",
			command: "wsk action create /ns/hello a.sh --docker " + tag + " --main fn -m 128 -t 1000 -p n 3 -p name Mike -a web-export true",
			action: Action{
				Name: parsed(t, "/ns/hello"), Image: tag, Code: code(t, "a.sh", "#!/bin/sh\necho {}\n"), Main: "fn", Memory: 128, Timeout: 1000,
				Parameters:  []KeyValue{{Key: "n", Value: json.RawMessage("3")}, {Key: "name", Value: json.RawMessage(`"Mike"`)}},
				Annotations: []KeyValue{{Key: "web-export", Value: json.RawMessage("true")}},
			},
			want: `{"namespace":"ns","name":"hello","exec":{"kind":"blackbox","code":"#!/bin/sh\necho {}\n","image":"` + tag + `","main":"fn"},` +
				`"annotations":[{"key":"web-export","value":true}],"parameters":[{"key":"n","value":3},{"key":"name","value":"Mike"}],` +
				`"limits":{"timeout":1000,"memory":128}}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.action.Body()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want+"\n", string(got)); diff != "" {
				t.Errorf("%s sends another body: %s", test.command, diff)
			}
		})
	}
}

// TestEnvironment: a variable is a parameter with "init" (openwhisk, Parameter.scala), for which wsk has no flag.
func TestEnvironment(t *testing.T) {
	variable, err := Environment("LEVEL=3=4")
	if err != nil {
		t.Fatal(err)
	}
	action := Action{Name: parsed(t, "hello"), Image: tag, Parameters: []KeyValue{variable}}
	body, err := action.Body()
	if err != nil || !strings.Contains(string(body), `"parameters":[{"key":"LEVEL","value":"3=4","init":true}]`) {
		t.Errorf("got %s, %v", body, err)
	}
	if _, err := action.Commands(); err == nil {
		t.Error("wsk has a flag for the environment")
	}
	for _, mistake := range []string{"", "LEVEL", "=3"} {
		if _, err := Environment(mistake); err == nil {
			t.Errorf("%q is a variable", mistake)
		}
	}
}

func TestCommandsAreReadBackByAShell(t *testing.T) {
	action := Action{
		Name: parsed(t, "/ns/pkg/hello you"), Image: tag, Code: &Code{Path: "Mike's code/a.zip"}, Main: "a$b", Memory: 128, Timeout: 1000,
		Parameters: []KeyValue{
			{Key: "empty", Value: json.RawMessage(`""`)},
			{Key: "list", Value: json.RawMessage(`[1,"a b"]`)},
			{Key: "name", Value: json.RawMessage(`"Mike O'Hara ~ *$(date)"`)},
			{Key: "quotes", Value: json.RawMessage(`"a \"b\""`)},
			{Key: "lines", Value: json.RawMessage(`"a\nb"`)},
			{Key: "path", Value: json.RawMessage(`"C:\\new"`)},
			{Key: "three", Value: json.RawMessage(`"3"`)},
		},
		Annotations: []KeyValue{{Key: "web-export", Value: json.RawMessage("true")}},
	}
	lines, err := action.Commands()
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, verb := range []string{"create", "update"} {
		for _, word := range []string{
			"action", verb, "/ns/pkg/hello you", "Mike's code/a.zip", "--docker", tag, "--main", "a$b", "--memory", "128", "--timeout", "1000",
			"--param", "empty", "", "--param", "list", `[1,"a b"]`, "--param", "name", "Mike O'Hara ~ *$(date)",
			"--param", "quotes", `"a \"b\""`, "--param", "lines", `"a\nb"`, "--param", "path", `"C:\\new"`, "--param", "three", `"3"`,
			"--annotation", "web-export", "true",
		} {
			want.WriteString("<" + word + ">\n")
		}
	}
	got, err := exec.Command("sh", "-c", `wsk() { printf '<%s>\n' "$@"; }`+"\n"+lines).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("a shell reads something else: %s", diff)
	}
}

func TestPlainWordsAreNotQuoted(t *testing.T) {
	lines, err := Action{Name: parsed(t, "hello"), Image: tag, Code: &Code{Path: "dist/hello.zip"}}.Commands()
	want := "wsk action create hello dist/hello.zip --docker " + tag + "\nwsk action update hello dist/hello.zip --docker " + tag + "\n"
	if err != nil || lines != want {
		t.Errorf("got %s, %v", lines, err)
	}
}

func TestParseName(t *testing.T) {
	for text, want := range map[string]Name{
		"hello":           {"_", "", "hello"},
		"pkg/hello":       {"_", "pkg", "hello"},
		"/ns/hello":       {"ns", "", "hello"},
		"/ns/pkg/hello":   {"ns", "pkg", "hello"},
		"/_/hello":        {"_", "", "hello"},
		"me@x.org & more": {"_", "", "me@x.org & more"},
	} {
		got, err := ParseName(text)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "/", "/hello", "a/b/c", "/a/b/c/d", "pkg/", "/ns//hello", "-hello", "hello ", "it's", "a\nb", strings.Repeat("a", 257), ".."} {
		if name, err := ParseName(text); err == nil {
			t.Errorf("%q is taken for %+v", text, name)
		}
	}
	if got := parsed(t, "/ns/a b/c&d").path(); got != "ns/actions/a%20b/c&d" {
		t.Errorf("path %s", got)
	}
}
