//go:build linux

package openwhisk_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// built are the programs that the tests start.
var built struct {
	proxy, action, hello string
	race                 string // the action under the race detector, "" where there is none
}

func TestMain(m *testing.M) {
	testkit.Main(m,
		testkit.Program{File: &built.proxy, Source: "../proxy"},
		testkit.Program{File: &built.action, Source: "testdata/action"},
		testkit.Program{File: &built.race, Source: "testdata/action", Race: true},
		testkit.Program{File: &built.hello, Source: "../stemcells/go/examples/hello"})
}

// A server is a program under test. Its logs are in files, which hold all that was written at any moment.
type server struct {
	*testkit.Server
	collector *testkit.Collector
}

func (s *server) logs() (stdout, stderr string) {
	s.T.Helper()
	return string(s.collector.Read(0)), string(s.collector.Read(1))
}

func start(t *testing.T, program string, env ...string) *server {
	t.Helper()
	return startAs(t, program, testkit.Env(env...))
}

func startAs(t *testing.T, program string, settings ...testkit.Setting) *server {
	t.Helper()
	collector, files := testkit.Collect(t)
	return &server{testkit.Start(t, program, append(settings, files)...), collector}
}

// post sends a body and returns status and body of the answer.
func (s *server) post(path, body string) string {
	s.T.Helper()
	return s.Post(path, body).Text()
}

// encoded has the base64 of programs by their files, for all tests: the race detector makes encoding slow.
var encoded sync.Map

// upload returns the body of an /init with a program, and env, which is JSON.
func upload(t *testing.T, program, env string) string {
	t.Helper()
	text, ok := encoded.Load(program)
	if !ok {
		code, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		text, _ = encoded.LoadOrStore(program, base64.StdEncoding.EncodeToString(code))
	}
	return `{"value":{"name":"n","main":"main","code":"` + text.(string) + `","binary":true,"env":` + env + `}}`
}

// eachBuild runs a test with the action as it is shipped, and as the race detector sees it.
func eachBuild(t *testing.T, test func(t *testing.T, action string)) {
	t.Run("shipped", func(t *testing.T) { test(t, built.action) })
	t.Run("race", func(t *testing.T) {
		if built.race == "" {
			t.Skip("no race detector on this machine")
		}
		test(t, built.race)
	})
}

// unraced holds that the race detector saw nothing.
func (s *server) unraced() {
	s.T.Helper()
	if _, stderr := s.logs(); strings.Contains(stderr, "DATA RACE") {
		s.T.Error(stderr)
	}
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
	executable, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", s.Cmd.Process.Pid))
	if err != nil || !strings.HasSuffix(executable, "/exec") {
		t.Errorf("process %d is still %s (%v)", s.Cmd.Process.Pid, executable, err)
	}
}

const sentinel = testkit.Sentinel + "\n"

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
	eachBuild(t, func(t *testing.T, action string) {
		s := start(t, built.proxy, "__OW_ALLOW_CONCURRENT=true")
		s.post("/init", upload(t, action, "null"))
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				if got, want := s.post("/run", `{"value":{"do":"together"}}`), `200 {"met":true}`; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		}
		group.Wait()
		s.unraced()
	})
}

func TestShutdown(t *testing.T) {
	for way, begin := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			s.post("/run", `{"value":{}}`)
			s.Signal(syscall.SIGTERM)
			if status := s.Status(); status != 0 {
				t.Errorf("exit status %d", status)
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
				if s.Status() == 0 {
					t.Error("it ended without an error")
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
