package docs_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/freeport"
)

// sentinel is the line that ends each activation's log, as the page gives it.
const sentinel = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"

// buildProxy compiles the proxy and returns the path of its binary.
func buildProxy(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "proxy")
	build := exec.Command("go", "build", "-o", binary, "./proxy")
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the proxy: %v\n%s", err, out)
	}
	return binary
}

// A server is a running proxy.
type server struct {
	cmd            *exec.Cmd
	url            string
	stdout, stderr stream
	exited         chan struct{} // closed when it has exited
	err            error         // then: how
}

// startProxy starts a proxy on a loopback port with an empty action directory.
func startProxy(t *testing.T, binary string, env ...string) *server {
	t.Helper()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{url: "http://127.0.0.1:" + port, exited: make(chan struct{})}
	s.cmd = exec.Command(binary)
	s.cmd.Dir = t.TempDir()
	s.cmd.Env = append(os.Environ(), "OW_PORT="+port, "OW_ACTION_DIR="+s.cmd.Dir, "LC_ALL=C")
	s.cmd.Env = append(s.cmd.Env, env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.stdout, &s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.exited)
	}()
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		<-s.exited
		http.DefaultClient.CloseIdleConnections()
	})
	await(t, "the proxy to listen", func() bool {
		select {
		case <-s.exited:
			t.Fatalf("the proxy ended: %v\n%s", s.err, &s.stderr)
		default:
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return s
}

// An answer is what the platform gets.
type answer struct {
	status int
	body   string // without blanks around it
}

func (a answer) String() string { return fmt.Sprintf("%d %.300s", a.status, a.body) }

// post sends a body to a path.
func (s *server) post(t *testing.T, path, body string) answer {
	t.Helper()
	return s.request(t, "POST", path, body)
}

func (s *server) request(t *testing.T, method, path, body string) answer {
	t.Helper()
	a, err := s.try(method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, &s.stderr)
	}
	return a
}

func (s *server) try(method, path, body string) (answer, error) {
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	client := http.Client{Timeout: patience}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, strings.TrimSpace(string(text))}, err
}

// run posts a value as the platform does.
func (s *server) run(t *testing.T, value string) answer {
	t.Helper()
	return s.post(t, "/run", `{"activation_id":"`+activationID+`","deadline":"4102444800000","value":`+value+`}`)
}

// upload posts an executable file to /init, text as text and the rest as base64.
func (s *server) upload(t *testing.T, path string) answer {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(string(content), "#!") {
		return s.post(t, "/init", initBody(string(content), false))
	}
	return s.post(t, "/init", initBody(base64.StdEncoding.EncodeToString(content), true))
}

// initBody is the body of /init for some code.
func initBody(code string, binary bool) string {
	value := map[string]any{"name": "greet", "main": "main", "code": code, "binary": binary, "env": nil}
	body, _ := json.Marshal(map[string]any{"value": value})
	return string(body)
}

// terminate sends SIGTERM and returns how the proxy ended.
func (s *server) terminate(t *testing.T) error {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await(t, "the proxy to end", func() bool {
		select {
		case <-s.exited:
			return true
		default:
			return false
		}
	})
	return s.err
}

// sentinels counts the activations whose log is complete on both streams.
func (s *server) sentinels() int {
	count := func(st *stream) (n int) {
		for line := range strings.Lines(st.String()) {
			if line == sentinel+"\n" {
				n++
			}
		}
		return n
	}
	return min(count(&s.stdout), count(&s.stderr))
}

// playBehindProxy plays a transcript through a fresh proxy: what the action reads becomes a request, its result is the answer, its log
// stands before the sentinel, and the end of its input is SIGTERM. Handshakes and acknowledgements belong to init.
func playBehindProxy(t *testing.T, binary string, e example, transcript []step) {
	s := startProxy(t, binary, e.env...)
	if got := s.upload(t, e.path); got != (answer{200, "OK"}) {
		t.Fatalf("init: %s\n%s", got, &s.stderr)
	}
	runs := 0
	var last answer
	for _, step := range transcript {
		switch {
		case step.kind == '>' && e.isActionLoop():
			last, runs = s.post(t, "/run", step.text), runs+1
		case step.kind == '>':
			last, runs = s.run(t, step.text), runs+1
		case step.kind == '<' && runs > 0:
			if last.status != 200 || !sameJSON(last.body, step.text) {
				t.Errorf("line %d: got %s, the page says %s", step.line, last, step.text)
			}
		case step.kind == '*':
			await(t, "the log line "+step.text, func() bool { return hasLine(step.text, &s.stdout, &s.stderr) })
		case step.text == "end of input":
			await(t, "the sentinels", func() bool { return s.sentinels() == runs })
			if err := s.terminate(t); err != nil {
				t.Errorf("line %d: the proxy: %v", step.line, err)
			}
		}
	}
	await(t, "the sentinels", func() bool { return s.sentinels() == runs })
}

func oddBehindProxy(t *testing.T, binary string, e example) {
	s := startProxy(t, binary, e.env...)
	if got := s.upload(t, e.path); got != (answer{200, "OK"}) {
		t.Fatalf("init: %s\n%s", got, &s.stderr)
	}
	for name, odd := range oddValues() {
		t.Run(name, func(t *testing.T) {
			for value, greeted := range map[string]string{odd[0]: odd[1], "{\r\n\"name\":\n\"Mike\"}\n": "Mike"} {
				got := s.run(t, value)
				if got.status != 200 {
					t.Fatalf("got %s", got)
				}
				checkGreeting(t, got.body, greeted)
			}
		})
	}
}

// The exchanges between platform and proxy that the page shows: a line with a request, then one with the answer. <FILE> is an example's text.
func TestExchanges(t *testing.T) {
	p := readPage(t, "native-protocol.md")
	binary := buildProxy(t)
	for _, b := range p.blocks {
		if b.attrs["http"] == "" {
			continue
		}
		t.Run(b.attrs["http"], func(t *testing.T) {
			for _, command := range needs()[".sh"] {
				require(t, command)
			}
			s := startProxy(t, binary)
			lines := strings.Split(strings.TrimSpace(b.text), "\n")
			for i := 0; i+1 < len(lines); i += 2 {
				words := strings.SplitN(lines[i], " ", 3)
				if len(words) != 3 || words[0] != "POST" {
					t.Fatalf("not a request: %q", lines[i])
				}
				quoted, _ := json.Marshal(p.file(t, "greet.sh"))
				got := s.post(t, words[1], strings.ReplaceAll(words[2], `"<greet.sh>"`, string(quoted)))
				if want := pattern(lines[i+1]); !want.MatchString(got.String()) {
					t.Errorf("%s: got %s, the page says %s", lines[i], got, lines[i+1])
				}
			}
		})
	}
}
