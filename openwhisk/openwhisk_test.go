//go:build linux

package openwhisk_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/freeport"
)

// built are the programs that the tests start.
var built struct{ proxy, action, hello string }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "openwhisk-*")
	if err != nil {
		panic(err)
	}
	built.proxy, built.action, built.hello = filepath.Join(dir, "proxy"), filepath.Join(dir, "action"), filepath.Join(dir, "hello")
	for program, source := range map[string]string{built.proxy: "../proxy", built.action: "./testdata/action", built.hello: "../stemcells/go/examples/hello"} {
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", source, err, out)
			os.Exit(1)
		}
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// A server is a program under test.
type server struct {
	t              *testing.T
	cmd            *exec.Cmd
	url            string
	address        string
	stdout, stderr string // files, which hold all that was written at any moment
}

func (s *server) logs() (stdout, stderr string) {
	s.t.Helper()
	out, err := os.ReadFile(s.stdout)
	if err != nil {
		s.t.Fatal(err)
	}
	errors, err := os.ReadFile(s.stderr)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(out), string(errors)
}

// appended opens a file to log to.
func appended(t *testing.T, name string) *os.File {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func start(t *testing.T, program string, env ...string) *server {
	t.Helper()
	return startAs(t, nil, program, env...)
}

func startAs(t *testing.T, as *syscall.SysProcAttr, program string, env ...string) *server {
	t.Helper()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, address: "127.0.0.1:" + port, url: "http://127.0.0.1:" + port}
	s.cmd = exec.Command(program)
	s.cmd.SysProcAttr = as
	s.cmd.Env = append(os.Environ(), append(env, "OW_PORT="+port, "OW_ACTION_DIR="+t.TempDir())...)
	dir := t.TempDir()
	s.stdout, s.stderr = filepath.Join(dir, "stdout"), filepath.Join(dir, "stderr")
	s.cmd.Stdout, s.cmd.Stderr = appended(t, s.stdout), appended(t, s.stderr)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	})
	await(t, "it listens", func() bool {
		c, err := net.Dial("tcp", s.address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return s
}

// patience is a guard against tests that hang; nothing is measured by it.
const patience = 3 * time.Minute

// await waits until something is so, and reports false when it never is.
func await(t *testing.T, what string, so func() bool) bool {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("waited in vain until %s", what)
			return false
		}
	}
	return true
}

func (s *server) post(path, body string) string {
	s.t.Helper()
	answer, err := http.Post(s.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprint(answer.StatusCode, " ", string(b))
}

func upload(t *testing.T, program, env string) string {
	t.Helper()
	code, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"value":{"name":"x","main":"main","code":%q,"binary":true,"env":%s}}`, base64.StdEncoding.EncodeToString(code), env)
}

// ways are how a program is started.
var ways = map[string]func(t *testing.T) *server{
	"alone": func(t *testing.T) *server { return start(t, built.action, "GREETING=hi") },
	"exec":  func(t *testing.T) *server { return uploaded(t, "OW_PROTOCOL=exec") },
	"auto":  func(t *testing.T) *server { return uploaded(t) },
	"v1":    func(t *testing.T) *server { return uploaded(t, "OW_PROTOCOL=v1") },
	"actionloop": func(t *testing.T) *server {
		return uploaded(t, "OW_PROTOCOL=actionloop", "OW_WAIT_FOR_ACK=1")
	},
}

func uploaded(t *testing.T, env ...string) *server {
	s := start(t, built.proxy, env...)
	if got := s.post("/init", upload(t, built.action, `{"GREETING":"hi"}`)); got != "200 OK" {
		t.Fatal("init:", got)
	}
	return s
}

func TestAnswers(t *testing.T) {
	inProcess := map[string]bool{"alone": true, "exec": true, "auto": true}
	for way, begin := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			notAResult := `502 {"error":"The action did not return a dictionary or array."}`
			panicked := `200 {"error":"the action panicked: this is worse"}`
			if inProcess[way] {
				panicked = `502 {"error":"the action panicked: this is worse"}`
			}
			for _, test := range [][2]string{
				{`{"do":"echo","a":[1.10,"❄"]}`, `200 {"do":"echo","a":[1.10,"❄"]}`},
				{`[1]`, `200 {"hello":"","id":""}`},
				{`{"do":"error"}`, `200 {"error":"this is wrong"}`},
				{`{"do":"panic"}`, panicked},
				{`{"do":"invalid"}`, notAResult},
				{`{"do":"scalar"}`, notAResult},
				{`{"do":"nil"}`, notAResult},
				{`{"do":"program"}`, `200 {"out":"from a program\n"}`},
				{`{"do":"sleep","id":"7"}`, `200 {"hello":"","id":"7"}`},
				{`{"name":"Mike"}`, `200 {"hello":"Mike","id":""}`},
			} {
				if got := s.post("/run", `{"value":`+test[0]+`}`); got != test[1] {
					t.Errorf("run %s: %s, want %s", test[0], got, test[1])
				}
			}
			want := `200 {"action":"/guest/x","deadline":1515526795000,"ended":true,"env":"hi","id":"4711","inits":1,"known":true,"namespace":"guest"}`
			if way == "v1" { // the value alone goes to the action
				want = `200 {"action":"","deadline":-62135596800000,"ended":false,"env":"hi","id":"","inits":1,"known":false,"namespace":""}`
			}
			if got := s.post("/run", `{"value":{"do":"context"},"activation_id":"4711","namespace":"guest","action_name":"/guest/x","deadline":"1515526795000"}`); got != want {
				t.Errorf("context: %s, want %s", got, want)
			}
			if got := s.post("/init", `{"value":{}}`); way != "alone" && got != `403 {"error":"Cannot initialize the action more than once."}` {
				t.Error("second init:", got)
			}
			if _, stderr := s.logs(); !strings.Contains(stderr, "panic: this is worse") || !strings.Contains(stderr, "testdata/action/main.go") {
				t.Errorf("the stack of the panic is not in the log: %q", stderr)
			}
		})
	}
}

// The seed's program, byte for byte, answers as the seed shows.
func TestSeed(t *testing.T) {
	s := start(t, built.proxy)
	for _, test := range [][3]string{
		{"/run", `{"value":{"name":"Mike"}}`, `502 {"error":"the action failed to locate a binary"}`},
		{"/init", upload(t, built.hello, "null"), "200 OK"},
		{"/run", `{"value":{"name":"Mike"}}`, `200 {"greetings":"Hello, Mike"}`},
		{"/run", `{"value":{}}`, `200 {"error":"no name specified"}`},
	} {
		if got := s.post(test[0], test[1]); got != test[2] {
			t.Errorf("%s: %s, want %s", test[0], got, test[2])
		}
	}
	executable, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", s.cmd.Process.Pid))
	if err != nil || !strings.HasSuffix(executable, "/exec") {
		t.Errorf("process %d is still %s (%v)", s.cmd.Process.Pid, executable, err)
	}
}

const sentinel = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n"

func TestLogs(t *testing.T) {
	s := start(t, built.proxy)
	s.post("/init", upload(t, built.action, "null"))
	s.post("/run", `{"value":{"do":"print"}}`)
	s.post("/run", `{"value":{"do":"flood"}}`)
	var lines strings.Builder
	for i := range 20000 {
		fmt.Fprintln(&lines, "line", i)
	}
	wantOut := "half a line\n" + sentinel + lines.String() + sentinel
	wantErr := "half an error\n" + sentinel + sentinel
	stdout, stderr := s.logs()
	if stdout == wantOut && stderr == wantErr {
		return
	}
	t.Errorf("stdout has %d bytes, want %d, and ends %q; stderr is %q", len(stdout), len(wantOut), stdout[max(0, len(stdout)-100):], stderr)
}

func TestOverlap(t *testing.T) {
	s := start(t, built.proxy, "__OW_ALLOW_CONCURRENT=true")
	s.post("/init", upload(t, built.action, "null"))
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if got, want := s.post("/run", `{"value":{"do":"together"}}`), `200 {"met":true}`; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	group.Wait()
}

func TestShutdown(t *testing.T) {
	for way, begin := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			s.post("/run", `{"value":{}}`)
			s.cmd.Process.Signal(syscall.SIGTERM)
			if err := s.cmd.Wait(); err != nil {
				t.Errorf("it ended with %v", err)
			}
			if stdout, stderr := s.logs(); !strings.Contains(stdout+stderr, "shutting down\n") {
				t.Errorf("OnShutdown was not called: %q, %q", stdout, stderr)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other")
	if out, err := exec.Command("cp", "/bin/true", other).CombinedOutput(); err != nil {
		t.Fatal(string(out))
	}
	whole, err := os.ReadFile(built.action)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(t.TempDir(), "half")
	if err := os.WriteFile(half, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		program, env string
		want         string
		ends         bool
	}{
		"no library":    {other, "null", `502 {"error":"cannot start action: the program does not link the library openwhisk`, false},
		"failing init":  {built.action, `{"FAIL_INIT":"1"}`, `502 {"error":"cannot start action: the action does not want to"}`, false},
		"cut off":       {built.action, "", `502 {"error":"cannot start action: the ELF file is`, false},
		"bad base64":    {built.action, "?", `400 {"error":"cannot decode the request: illegal base64`, false},
		"good after it": {built.action, "null", "200 OK", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, built.proxy, "OW_PROTOCOL=exec")
			body := upload(t, test.program, "null")
			switch test.env {
			case "":
				body = upload(t, half, "null")
			case "?":
				body = strings.Replace(body, "AAAA", "????", 1)
			default:
				body = upload(t, test.program, test.env)
			}
			if got := s.post("/init", body); !strings.HasPrefix(got, test.want) {
				t.Fatalf("%.300s, want %s", got, test.want)
			}
			if test.ends {
				if err := s.cmd.Wait(); err == nil {
					t.Error("the container goes on")
				}
				return
			}
			if got := s.post("/init", upload(t, built.hello, "null")); test.want != "200 OK" && got != "200 OK" {
				t.Error("a good init after it:", got)
			}
		})
	}
}

func TestStartTwice(t *testing.T) {
	dir := t.TempDir()
	source := `package main
import ("encoding/json"; "github.com/sciabarracom/openwhisk-runtime-go/openwhisk")
func main() {
	go openwhisk.Start(func(e json.RawMessage) (json.RawMessage, error) { return e, nil })
	openwhisk.Start(func(e json.RawMessage) (json.RawMessage, error) { return e, nil })
}`
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "run", file)
	cmd.Env = append(os.Environ(), "OW_PORT=0")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "openwhisk: Start was called twice: a program has one handler") {
		t.Errorf("%v: %s", err, out)
	}
}
