//go:build linux

package openwhisk_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// A program that ends or hangs before it is ready fails the init with the reason, as a child of the proxy does: the
// proxy is still there, and takes another init (rules 14 and 15). The process stays the same to the end.
func TestEndsBeforeItIsReady(t *testing.T) {
	for _, test := range []struct {
		env   string
		wants []string
		log   string
	}{
		{`"BEGIN":"log.Fatal"`, []string{"exit status 1 before it was ready", "last log lines: main begins | ", "DB_URL is not set"}, "DB_URL is not set\n"},
		{`"BEGIN":"exit 0"`, []string{"exit status 0 before it was ready"}, "main begins\n"},
		{`"BEGIN":"return"`, []string{"exit status 0 before it was ready"}, "main begins\n"},
		{`"BEGIN":"panic"`, []string{"exit status 2 before it was ready", "main.go"}, "panic: no database"},
		{`"BEGIN":"initialiser"`, []string{"exit status 2 before it was ready"}, "panic: an initialiser fails"},
		{`"BEGIN":"die"`, []string{"signal: killed", "before it was ready", "half a last word"}, "half a last word"},
		{`"BEGIN":"exec"`, []string{"exit status 4 before it was ready", "another program"}, "another program\n"},
		{`"BEGIN":"exec and stay"`, []string{"it closed its input or output before it was ready"}, "main begins\n"},
		{`"BEGIN":"deadlock"`, []string{"exit status 2 before it was ready"}, "all goroutines are asleep"},
		{`"BEGIN":"flood"`, []string{"line 99999 | ", "too much"}, "line 99999\n"},
		{`"ON_INIT":"log.Fatal"`, []string{"exit status 1 before it was ready", "DB_URL is not set"}, "DB_URL is not set\n"},
		{`"ON_INIT":"panic"`, []string{"OnInit panicked: no database"}, "panic: no database"},
		{`"ON_INIT":"exec"`, []string{"exit status 4 before it was ready"}, "another program\n"},
		{`"FAIL_INIT":"1"`, []string{"the action does not want to"}, "main begins\n"},
		{`"GOMEMLIMIT":"much"`, []string{"exit status", "GOMEMLIMIT"}, "GOMEMLIMIT"},
	} {
		for _, protocol := range []string{"auto", "exec"} {
			t.Run(protocol+" "+test.env, func(t *testing.T) {
				t.Parallel()
				s := start(t, built.proxy, "OW_PROTOCOL="+protocol)
				got := s.post("/init", upload(t, built.action, `{"SAY":"main begins\n",`+test.env+`}`))
				if !strings.HasPrefix(got, `502 {"error":"cannot start action: `) {
					t.Fatalf("init: %.300s", got)
				}
				for _, want := range test.wants {
					if !strings.Contains(got, want) {
						t.Errorf("init: %.900s, want %q in it", got, want)
					}
				}
				if stdout, stderr := s.logs(); !strings.Contains(stdout+stderr, test.log) {
					t.Errorf("%q is not in the log: %.300q, %.300q", test.log, stdout, stderr)
				}
				s.serves(t)
			})
		}
	}
}

// serves holds that a good init may follow, and that the process is still the one that the proxy was.
func (s *server) serves(t *testing.T) {
	t.Helper()
	if got := s.post("/init", upload(t, built.action, `{"GREETING":"hi"}`)); got != "200 OK" {
		t.Fatalf("a good init after it: %.300s", got)
	}
	if got := s.post("/run", `{"value":{"id":"7"}}`); got != answered("7") {
		t.Errorf("a run after it: %s", got)
	}
	executable, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", s.Cmd.Process.Pid))
	if err != nil || !strings.HasSuffix(executable, "/exec") {
		t.Errorf("process %d is still %s (%v)", s.Cmd.Process.Pid, executable, err)
	}
}

// One that is never ready fails the init when its time is over.
func TestIsNeverReady(t *testing.T) {
	for _, env := range []string{`{"BEGIN":"wait"}`, `{"ON_INIT":"wait"}`} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			s := start(t, built.proxy, "OW_INIT_TIMEOUT=2s")
			got := s.post("/init", upload(t, built.action, env))
			for _, want := range []string{`502 {"error":"cannot start action: `, "it was not ready within 2s", "openwhisk.Start"} {
				if !strings.Contains(got, want) {
					t.Errorf("init: %s, want %q in it", got, want)
				}
			}
		})
	}
}

// The log of a start holds once what the program writes then, and the rehearsal leaves no process behind.
func TestRehearsalLeavesNothing(t *testing.T) {
	s := start(t, built.proxy)
	s.post("/init", upload(t, built.action, `{"SAY":"main begins\n"}`))
	s.post("/run", `{"value":{}}`)
	stdout, _ := s.logs()
	if want := "main begins\n" + sentinel; stdout != want {
		t.Errorf("the log is %q, want %q", stdout, want)
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", s.Cmd.Process.Pid))
	if err != nil || len(children) > 0 {
		t.Errorf("children: %s %v", children, err)
	}
}

// A program may end in its start though it did not in the rehearsal. What is known of it then is answered.
func TestFailsAfterTheRehearsal(t *testing.T) {
	for name, test := range map[string]struct{ env, want string }{
		"an error of OnInit": {`{"ONCE":"error"}`, `502 {"error":"cannot start action: it is there already"}`},
		"a panic in OnInit":  {`{"ONCE":"panic"}`, `502 {"error":"cannot start action: OnInit panicked: it is there already"}`},
		"OnInit hangs":       {`{"ONCE":"wait"}`, `502 {"error":"cannot start action: it was not ready in time, though it was when it rehearsed its start"}`},
		"main hangs":         {`{"ONCE":"wait in main"}`, `502 {"error":"cannot start action: it was not ready in time, though it was when it rehearsed its start"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, built.proxy, "OW_INIT_TIMEOUT=3s")
			if got := s.post("/init", upload(t, built.action, test.env)); got != test.want {
				t.Errorf("init: %s, want %s", got, test.want)
			}
			if s.Status() == 0 {
				t.Error("it ended without an error")
			}
		})
	}
}

// SIGTERM while a program starts for good is answered as everywhere, with 503.
func TestToldToEndWhileItStarts(t *testing.T) {
	for _, way := range []string{"wait", "wait in main"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := start(t, built.proxy)
			c := dial(s)
			c.Send("/init", upload(t, built.action, `{"ONCE":"`+way+`"}`))
			testkit.Await(t, "it starts for good", func() bool {
				stdout, _ := s.logs()
				return strings.Contains(stdout, "here again")
			})
			s.Signal(syscall.SIGTERM)
			if got, want := c.answer(), `503 {"error":"the action is shutting down"}`; got != want {
				t.Errorf("init: %s, want %s", got, want)
			}
			s.Status()
		})
	}
}

// A program that is the image itself answers an /init that fails, too, and takes another.
func TestBakedIsNotReady(t *testing.T) {
	for env, want := range map[string]string{
		`{"FAIL_INIT":"1"}`:     `502 {"error":"cannot start action: the action does not want to"}`,
		`{"ON_INIT":"panic"}`:   `502 {"error":"cannot start action: OnInit panicked: no database"}`,
		`{"ON_INIT":"a while"}`: `502 {"error":"cannot start action: it was not ready within 50ms: its OnInit did not return"}`,
	} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			limit := "OW_INIT_TIMEOUT=3m"
			if strings.Contains(want, "50ms") {
				limit = "OW_INIT_TIMEOUT=50ms"
			}
			s := start(t, built.action, limit)
			if got := s.post("/init", `{"value":{"env":`+env+`}}`); got != want {
				t.Errorf("init: %s, want %s", got, want)
			}
			testkit.Await(t, "another init is good", func() bool {
				return s.post("/init", `{"value":{"env":{"FAIL_INIT":"","ON_INIT":""}}}`) == "200 OK"
			})
		})
	}
}

// In a container the proxy is process 1, with which all others end: the program still fails the init, and another takes
// the place of process 1.
func TestProcess1(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root makes process namespaces")
	}
	s := startAs(t, built.proxy, func(c *exec.Cmd) { c.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID })
	for _, env := range []string{`{"BEGIN":"log.Fatal"}`, `{"BEGIN":"die"}`, `{"ON_INIT":"log.Fatal"}`} {
		if got := s.post("/init", upload(t, built.action, env)); !strings.HasPrefix(got, `502 {"error":"cannot start action: `) || !strings.Contains(got, "before it was ready") {
			t.Errorf("init with %s: %s", env, got)
		}
	}
	s.serves(t)
}
