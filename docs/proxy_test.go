package docs_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// built are the programs that the tests start.
var built struct{ mkimage, proxy string }

func TestMain(m *testing.M) {
	testkit.Main(m, testkit.Program{File: &built.mkimage, Source: "../cmd/mkimage"}, testkit.Program{File: &built.proxy, Source: "../proxy"})
}

// A server is a running proxy, or a program that answers as one.
type server struct{ *testkit.Server }

func startServer(t *testing.T, program string, env ...string) server {
	t.Helper()
	return server{testkit.Start(t, program, testkit.Env(append(env, "LC_ALL=C")...))}
}

// run posts a value as the platform does.
func (s server) run(value string) testkit.Answer {
	s.T.Helper()
	return s.Post("/run", `{"activation_id":"`+activationID+`","deadline":"4102444800000","value":`+value+`}`)
}

// upload posts an executable file to /init, which has to be accepted: text as text and the rest as base64.
func (s server) upload(path string) {
	s.T.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		s.T.Fatal(err)
	}
	var code any = content
	if strings.HasPrefix(string(content), "#!") {
		code = string(content)
	}
	if got := s.Post("/init", testkit.InitBody(code, nil)); got != testkit.OK("OK") {
		s.T.Fatalf("init: %s\n%s", got, s.Stderr)
	}
}

// pattern turns a text of the page, where … stands for anything, into an expression.
func pattern(text string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(text), "…", ".+") + `$`)
}

// playBehindProxy plays a transcript through a fresh proxy: what the action reads becomes a request, its result is the
// answer, its log stands before the sentinel, and the end of its input is SIGTERM. Handshakes and acknowledgements
// belong to init.
func playBehindProxy(t *testing.T, e example, transcript []step) {
	s := startServer(t, built.proxy, e.env...)
	s.upload(e.path)
	runs := 0
	var last testkit.Answer
	for _, step := range transcript {
		switch {
		case step.kind == '>' && e.isActionLoop():
			last, runs = s.Post("/run", step.text), runs+1
		case step.kind == '>':
			last, runs = s.run(step.text), runs+1
		case step.kind == '<' && runs > 0:
			if last.Status != 200 || !sameJSON(last.Body, step.text) {
				t.Errorf("line %d: got %s, the page says %s", step.line, last, step.text)
			}
		case step.kind == '*':
			testkit.Await(t, "the log line "+step.text, func() bool { return s.Stdout.HasLine(step.text) || s.Stderr.HasLine(step.text) })
		case step.text == "end of input":
			s.Ended(runs)
			s.Signal(syscall.SIGTERM)
			if status := s.Status(); status != 0 {
				t.Errorf("line %d: exit status %d", step.line, status)
			}
		}
	}
	s.Ended(runs)
}

func oddBehindProxy(t *testing.T, e example) {
	s := startServer(t, built.proxy, e.env...)
	s.upload(e.path)
	for name, odd := range oddValues() {
		t.Run(name, func(t *testing.T) {
			for value, greeted := range map[string]string{odd[0]: odd[1], "{\r\n\"name\":\n\"Mike\"}\n": "Mike"} {
				got := s.run(value)
				if got.Status != 200 {
					t.Fatalf("got %s", got)
				}
				checkGreeting(t, got.Body, greeted)
			}
		})
	}
}

// The exchanges between platform and proxy that the page shows: a line with a request, then one with the answer. <FILE>
// is an example's text.
func TestExchanges(t *testing.T) {
	p := readPage(t, "native-protocol.md")
	for _, b := range p.blocks {
		if b.attrs["http"] == "" {
			continue
		}
		t.Run(b.attrs["http"], func(t *testing.T) {
			for _, command := range needs()[".sh"] {
				require(t, command)
			}
			s := startServer(t, built.proxy)
			lines := strings.Split(strings.TrimSpace(b.text), "\n")
			for i := 0; i+1 < len(lines); i += 2 {
				words := strings.SplitN(lines[i], " ", 3)
				if len(words) != 3 || words[0] != "POST" {
					t.Fatalf("not a request: %q", lines[i])
				}
				quoted, _ := json.Marshal(p.file(t, "greet.sh"))
				got := s.Post(words[1], strings.ReplaceAll(words[2], `"<greet.sh>"`, string(quoted)))
				if want := pattern(lines[i+1]); !want.MatchString(got.Text()) {
					t.Errorf("%s: got %s, the page says %s", lines[i], got, lines[i+1])
				}
			}
		})
	}
}
