package docs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// pattern turns a text of the page, where … stands for anything, into an expression.
func pattern(text string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(text), "…", ".+") + `$`)
}

// A protocol is a column of the table.
type protocol struct {
	column int
	env    string
	begin  string // of an action in sh, up to the place where a run is served
	end    string
}

func protocols() map[string]protocol {
	return map[string]protocol{
		"v0": {1, "OW_PROTOCOL=v0", "answer() { echo \"$1\"; }\nvalue=$1\n", ""},
		"ActionLoop": {2, "OW_PROTOCOL=actionloop",
			"answer() { echo \"$1\" >&3; }\n${__OW_WAIT_FOR_ACK:+answer '{\"ok\":true}'}\nwhile read -r value; do\n", "done\n"},
		"v1": {3, "OW_PROTOCOL=v1", "answer() { echo \"$1\"; }\nanswer '{\"openwhisk\":1}'\nwhile read -r value; do\n", "done\n"},
	}
}

// action is the text of an action whose runs do what body says, with the functions and variables of begin.
func (p protocol) action(body string) string { return "#!/bin/sh\n" + p.begin + body + "\n" + p.end }

// A scenario is a row of the table: it brings a fresh proxy to the case and returns the answer.
type scenario struct {
	row string
	env []string
	do  func(t *testing.T, s *server, p protocol) answer
}

// after returns a scenario's steps: a good init of an action, then one more request.
func after(body, path, request string) func(*testing.T, *server, protocol) answer {
	return func(t *testing.T, s *server, p protocol) answer {
		if got := s.post(t, "/init", initBody(p.action(body), false)); got.status != 200 {
			t.Fatalf("init: %s\n%s", got, &s.stderr)
		}
		return s.post(t, path, request)
	}
}

// first returns the steps of a scenario that is one request to a fresh proxy.
func first(path, request string) func(*testing.T, *server, protocol) answer {
	return func(t *testing.T, s *server, _ protocol) answer { return s.post(t, path, request) }
}

func scenarios() []scenario {
	const run = `{"value":{}}`
	const ack = "OW_WAIT_FOR_ACK=1"
	dies := func(t *testing.T, s *server, p protocol) answer {
		after("exit 3", "/run", run)(t, s, p)
		return s.post(t, "/run", run)
	}
	return []scenario{
		{"a run before init", nil, first("/run", run)},
		{"init without code, and none in the image", nil, first("/init", `{"value":{"name":"x","code":null}}`)},
		{"init with broken base64", nil, first("/init", initBody("$$$", true))},
		{"the action cannot start", nil, first("/init", initBody("#!/bin/no/such/interpreter\n", false))},
		{"no handshake, or a wrong one", nil, first("/init", initBody("#!/bin/sh\necho '{\"openwhisk\":2}'\ncat\n", false))},
		{"the acknowledgement is false", []string{ack}, first("/init", initBody("#!/bin/sh\necho '{\"ok\":false}' >&3\ncat\n", false))},
		{"the action ends before the acknowledgement", []string{ack}, first("/init", initBody("#!/bin/sh\nexit 0\n", false))},
		{"init is not JSON", nil, first("/init", `{"value":`)},
		{"a run is not JSON", nil, after("answer '{}'", "/run", `{"value":{}`)},
		{"a second init", nil, func(t *testing.T, s *server, p protocol) answer {
			good := initBody(p.action("answer '{}'"), false)
			return after("answer '{}'", "/init", good)(t, s, p)
		}},
		{"the value is not an object or array", nil, after("answer '{}'", "/run", `{"value":"text"}`)},
		{"the result is not an object or array", nil, after("answer 1", "/run", run)},
		{"the action ends during a run", nil, after("exit 3", "/run", run)},
		{"a run after that", nil, dies},
		{"the container is stopping", nil, stopping},
		{"a request is larger than `OW_MAX_BODY`", []string{"OW_MAX_BODY=1KiB"}, first("/run", `{"value":{"`+strings.Repeat("x", 2048)+`":0}}`)},
		{"an unknown path", nil, first("/elsewhere", run)},
		{"not a POST", nil, func(t *testing.T, s *server, _ protocol) answer { return s.request(t, "GET", "/run", run) }},
	}
}

// stopping asks for a run while another one goes on after SIGTERM.
func stopping(t *testing.T, s *server, p protocol) answer {
	mark := filepath.Join(t.TempDir(), "mark")
	ended := mark + ".ended"
	body := "touch " + mark + "\nwhile ! [ -e " + ended + " ]; do sleep 0.01; done\nanswer '{}'"
	if got := s.post(t, "/init", initBody(p.action(body), false)); got.status != 200 {
		t.Fatalf("init: %s", got)
	}
	going := make(chan answer)
	go func() {
		got, _ := s.try("POST", "/run", `{"value":{}}`)
		going <- got
	}()
	await(t, "the run to begin", func() bool { _, err := os.Stat(mark); return err == nil })
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	refused := s.post(t, "/run", `{"value":{}}`)
	if err := os.WriteFile(ended, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := <-going; got != (answer{200, "{}"}) {
		t.Errorf("the run that was going on got %s", got)
	}
	return refused
}

func TestWhoAnswersWhat(t *testing.T) {
	binary := buildProxy(t)
	table := readPage(t, "native-protocol.md").table(t, "## Errors: who answers what")
	known := scenarios()
	if len(table) != len(known) {
		t.Fatalf("the page has %d rows, the test %d", len(table), len(known))
	}
	for i, sc := range known {
		row := table[i]
		if row[0] != sc.row {
			t.Fatalf("row %d is %q, the test has %q", i, row[0], sc.row)
		}
		for name, p := range protocols() {
			cell := row[p.column]
			if cell == "-" {
				continue
			}
			t.Run(sc.row+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := startProxy(t, binary, append(sc.env, p.env)...)
				checkError(t, sc.do(t, s, p), cell)
			})
		}
	}
}

// checkError compares an answer with a cell: the status, and in backquotes the text of the member error, which stands alone.
func checkError(t *testing.T, got answer, cell string) {
	t.Helper()
	status, text, _ := strings.Cut(cell, " ")
	var body map[string]string
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || len(body) != 1 {
		t.Errorf("got %s, which is not an object with the one member error", got)
	}
	if strconv.Itoa(got.status) != status || !pattern(strings.Trim(text, "`")).MatchString(body["error"]) {
		t.Errorf("got %s, the page says %s", got, cell)
	}
}
