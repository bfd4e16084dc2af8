package rules

import (
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

const stopping = "the action is shutting down"

// graceful is a grace that no machine is too slow for.
func graceful(c *exec.Cmd) { testkit.Env("OW_SHUTDOWN_GRACE=" + testkit.Patience.String())(c) }

func TestRule33_IdleStop(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			for _, initialized := range []bool{false, true} {
				p := start(t, build(binary), graceful)
				if initialized {
					p.ready(obey())
					p.Run(`{}`)
				}
				p.Dial() // an idle connection holds nothing up
				p.Signal(s)
				if status := p.Status(); status != 0 {
					t.Errorf("%v: exit status %d", s, status)
				}
				if initialized {
					p.Logged("bye\n") // the action saw the end of its input
				}
				if left := p.Descendants(); len(left) > 0 {
					t.Errorf("%v left the processes %v", s, left)
				}
			}
		}
	})
}

func TestRule33_TheRunningOneEndsAndNoOtherBegins(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
			p := start(t, chosen, build(binary), graceful).ready(obey())
			gate := newGate(t)
			idle, running, waiting := p.Dial(), p.Dial(), p.Dial()
			running.Send("/run", `{"value":`+doing("running", step{"stderr", "running\n"}, step{"await", gate.file})+`}`)
			p.awaitBusy()
			waiting.Send("/run", `{"value":`+doing("waiting")+`}`)
			p.settled()
			p.Signal(syscall.SIGTERM)
			if got, err := waiting.Answer(); err != nil || got != testkit.Failed(503, stopping) {
				t.Errorf("the run that waited: %s %v", got, err)
			}
			for _, path := range []string{"/run", "/init"} {
				idle.Send(path, `{"value":{}}`)
				if got, err := idle.Answer(); err != nil || got != testkit.Failed(503, stopping) {
					t.Errorf("%s on an open connection: %s %v", path, got, err)
				}
			}
			if got, err := p.TryPost("/run", `{"value":{}}`); err != nil || got != testkit.Failed(503, stopping) {
				t.Errorf("a new one: %s %v", got, err)
			}
			gate.open()
			got, err := running.Answer()
			if err == nil {
				err = checkOwn(got, "running")
			}
			if err != nil {
				t.Error(err)
			}
			if status := p.Status(); status != 0 {
				t.Errorf("exit status %d", status)
			}
			p.Ended(1)
		})
	})
}

// awaitBusy waits until a run's log shows that it is running. The log of a run
// is relayed while it runs.
func (p *proxy) awaitBusy() {
	p.T.Helper()
	p.Logged("running\n")
}

// awaitStop waits until the proxy knows that it has to stop.
func (p *proxy) awaitStop() {
	p.T.Helper()
	testkit.Await(p.T, "the proxy has got the signal", func() bool {
		got, err := p.TryPost("/run", `{"value":1}`) // which no action sees
		return err == nil && got == testkit.Failed(503, stopping)
	})
}

// A long answer arrives whole, however slowly it is taken.
func TestRule33_TheLastAnswerArrivesWhole(t *testing.T) {
	t.Parallel()
	p := start(t, graceful).ready(obey())
	gate := newGate(t)
	c := p.Dial()
	c.Send("/run", `{"value":`+doing("long", step{"stderr", "running\n"}, step{"await", gate.file}, step{"large", "20000000"})+`}`)
	p.awaitBusy()
	p.Signal(syscall.SIGTERM)
	p.awaitStop()
	gate.open()
	p.Ended(1) // the answer is under way, and fills the socket
	got, err := c.Answer()
	if err == nil {
		err = checkOwn(got, "long")
	}
	if err != nil {
		t.Errorf("%.300s", err.Error())
	}
	if status := p.Status(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestRule33_AnActionThatDoesNotGo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps []step
		says  string // what it has the time to say
	}{
		"takes SIGTERM":    {[]step{{"deaf"}, {"report"}}, "got terminated"},
		"ignores all":      {[]step{{"deaf"}, {"ignore"}}, ""},
		"has a deaf child": {[]step{{"spawn", `[["ignore"],["sleep","1h"]]`}}, "bye"},
		"is stopped":       {[]step{{"deaf"}, {"after", `[]`}}, ""},
		"floods its log":   {[]step{{"spawn", `[["ignore"],["flood","stderr","100000000000"]]`}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, protocol := range []string{"v1", "actionloop"} {
				t.Run(protocol, func(t *testing.T) {
					t.Parallel()
					// A machine may be too slow for what the action says: then it gets more time.
					for grace := 400 * time.Millisecond; ; grace *= 4 {
						p := start(t, protocols[protocol], testkit.Env("OW_SHUTDOWN_GRACE="+grace.String())).ready(obey(c.steps...))
						p.Run(`{}`)
						if name == "is stopped" {
							for _, pid := range p.Descendants() {
								syscall.Kill(pid, syscall.SIGSTOP)
							}
						}
						p.Signal(syscall.SIGTERM)
						if status := p.Status(); status != 0 {
							t.Errorf("exit status %d", status)
						}
						testkit.Await(t, "no process is left", func() bool { return len(p.Descendants()) == 0 })
						<-p.Stderr.Closed
						if p.Stderr.Holds(c.says) || t.Failed() {
							break
						}
						if grace > testkit.Patience/10 {
							t.Fatalf("with a grace of %v it did not say %q", grace, c.says)
						}
						p.end()
					}
				})
			}
		})
	}
}

func TestRule33_ARunThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen, testkit.Env("OW_SHUTDOWN_GRACE=400ms")).ready(obey(step{"ignore"}))
		c := p.Dial()
		c.Send("/run", `{"value":`+doing("", step{"stderr", "running\n"}, step{"sleep", "1h"})+`}`)
		p.awaitBusy()
		p.Signal(syscall.SIGTERM)
		want := testkit.Failed(502, "the action exited: signal: killed (the container is stopping)")
		switch protocol {
		case "v0":
			want = testkit.Failed(502, noResult)
		case "actionloop":
			want = testkit.Failed(400, "command exited")
		}
		if got, err := c.Answer(); err != nil || got != want {
			t.Errorf("got %s %v, want %s", got, err, want)
		}
		if status := p.Status(); status != 0 {
			t.Errorf("exit status %d", status)
		}
		p.Ended(1)
		testkit.Await(t, "no process is left", func() bool { return len(p.Descendants()) == 0 })
	})
}

func TestRule33_ASecondSignalMeansAtOnce(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v0", "v1", "actionloop"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			p := start(t, protocols[protocol], testkit.Env("OW_SHUTDOWN_GRACE=1h")).ready(obey(step{"deaf"}, step{"ignore"}))
			c := p.Dial()
			c.Send("/run", `{"value":`+doing("", step{"stderr", "running\n"}, step{"sleep", "1h"})+`}`)
			p.awaitBusy()
			p.Signal(syscall.SIGTERM)
			p.awaitStop() // two signals at the same time are one
			p.Signal(syscall.SIGTERM)
			if status := p.Status(); status != 0 {
				t.Errorf("exit status %d", status)
			}
			testkit.Await(t, "no process is left", func() bool { return len(p.Descendants()) == 0 })
		})
	}
}

func TestRule33_AStopDuringInit(t *testing.T) {
	t.Parallel()
	t.Run("waiting for the handshake", func(t *testing.T) {
		p := start(t, testkit.Env("OW_SHUTDOWN_GRACE=400ms"))
		c := p.Dial()
		c.Send("/init", testkit.InitBody("#!/bin/sh\necho starting >&2\nsleep 1000\n", nil))
		p.Logged("starting")
		p.Signal(syscall.SIGTERM)
		if status := p.Status(); status != 0 {
			t.Errorf("exit status %d", status)
		}
		testkit.Await(t, "no process is left", func() bool { return len(p.Descendants()) == 0 })
	})
	t.Run("during the upload", func(t *testing.T) {
		p := start(t, testkit.Env("OW_SHUTDOWN_GRACE=400ms"))
		p.Dial().Write([]byte("POST /init HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{\"value\":{\"code\":\"#!"))
		p.settled()
		p.Signal(syscall.SIGTERM)
		if status := p.Status(); status != 0 {
			t.Errorf("exit status %d", status)
		}
	})
}

func TestRule39_APausedContainerGoesOn(t *testing.T) {
	t.Parallel()
	pause := 2 * time.Second
	if *long {
		pause = time.Minute
	}
	p := start(t).ready(obey())
	idle, inside, sending := p.Dial(), p.Dial(), p.Dial()
	idle.Send("/run", `{"value":{}}`)
	idle.Answer()
	inside.Send("/run", `{"value":`+doing("inside", step{"stderr", "running\n"}, step{"sleep", "1s"})+`}`)
	p.awaitBusy()
	const head, body = "POST /run HTTP/1.1\r\nHost: a\r\nContent-Length: 28\r\n\r\n", `{"value":{"id":"sending"}}  `
	sending.Write([]byte(head + body[:10]))
	all := append(p.Descendants(), p.Cmd.Process.Pid)
	for _, pid := range all {
		syscall.Kill(pid, syscall.SIGSTOP)
	}
	time.Sleep(pause)
	for _, pid := range all {
		syscall.Kill(pid, syscall.SIGCONT)
	}
	sending.Write([]byte(body[10:]))
	idle.Send("/run", `{"value":{"id":"idle"}}`)
	for id, c := range map[string]*connection{"inside": inside, "sending": sending, "idle": idle} {
		got, err := c.Answer()
		if err == nil {
			err = checkOwn(got, id)
		}
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestRule39_IdleConnectionsStay(t *testing.T) {
	t.Parallel()
	if !*long {
		t.Skip("75 seconds, with -long; TestIdleConnectionsStay of proxy/http1 has a faster clock")
	}
	p := start(t).ready(obey())
	used, fresh := p.Dial(), p.Dial()
	used.Send("/run", `{"value":{}}`)
	used.Answer()
	time.Sleep(75 * time.Second) // more than any limit for a header
	for _, c := range []*connection{used, fresh} {
		c.Send("/run", `{"value":{}}`)
		if got, err := c.Answer(); err != nil || got.Status != 200 {
			t.Errorf("got %s %v", got, err)
		}
	}
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	_, port, _ := net.SplitHostPort(busy.Addr().String())
	for _, variable := range []string{
		"OW_PORT=http", "OW_PORT=-1", "OW_PORT=65536", "OW_PORT=80 80", "OW_PORT=" + port,
		"OW_PROTOCOL=v3", "OW_PROTOCOL=V1", "OW_HANDSHAKE=no", "OW_RESULT_FD=4", "OW_RESULT_FD=three",
		"OW_ACTION_DIR=action", "OW_SHUTDOWN_GRACE=8", "OW_SHUTDOWN_GRACE=-1s", "OW_SHUTDOWN_GRACE=soon", "OW_INIT_TIMEOUT=30", "OW_INIT_TIMEOUT=x",
		"OW_MAX_CODE=0", "OW_MAX_CODE=-1", "OW_MAX_CODE=64MB", "OW_MAX_CODE=1e6", "OW_MAX_BODY=much", "OW_MAX_BODY=99999999999999999999",
	} {
		t.Run(variable, func(t *testing.T) {
			p := launch(t, testkit.Env(variable))
			if status := p.Status(); status != 1 {
				t.Errorf("exit status %d", status)
			}
			name, _, _ := strings.Cut(variable, "=")
			testkit.Await(t, "it says why", func() bool { return strings.HasSuffix(p.Stderr.String(), "\n") })
			if text := p.Stderr.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, name) {
				t.Errorf("it says %q", text)
			}
			if p.Stdout.String() != "" {
				t.Errorf("stdout: %q", p.Stdout)
			}
		})
	}
	p := launch(t, testkit.Env("OW_PORT=", "OW_PROTOCOL=v0", "FLASK_PROXY_PORT=nonsense"))
	if status := p.Status(); status != 1 {
		t.Errorf("FLASK_PROXY_PORT: exit status %d", status)
	}
	p.Logged("FLASK_PROXY_PORT")
}

func TestPorts(t *testing.T) {
	t.Parallel()
	for name, variables := range map[string]func(port string) []string{
		"OW_PORT": func(port string) []string { return []string{"OW_PORT=" + port, "PORT=1", "FLASK_PROXY_PORT=1"} },
		"OW_PORT, v0": func(port string) []string {
			return []string{"OW_PROTOCOL=v0", "OW_PORT=" + port, "PORT=1", "FLASK_PROXY_PORT=1"}
		},
		"FLASK_PROXY_PORT": func(port string) []string {
			return []string{"OW_PROTOCOL=v0", "OW_PORT=", "PORT=nonsense", "FLASK_PROXY_PORT=" + port}
		},
	} {
		port := testkit.Port(t)
		if p := start(t, testkit.Env(variables(port)...)); p.Address != "127.0.0.1:"+port {
			t.Errorf("%s: it listens at %s, not at port %s", name, p.Address, port)
		}
	}
	p := start(t)
	_, port, _ := net.SplitHostPort(p.Address)
	if c, err := net.Dial("tcp", "[::1]:"+port); err != nil {
		t.Log("no IPv6:", err)
	} else {
		c.Close()
	}
}
