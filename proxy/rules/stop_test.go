package rules

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// expectStopping reads the answer of one who is turned away.
func expectStopping(t *testing.T, c *connection, who string) {
	t.Helper()
	if got, err := c.Answer(); err != nil || got != testkit.Failed(503, stopping) {
		t.Errorf("%s: %s %v", who, got, err)
	}
}

// Whoever is sending a request when the container stops is told so before the end,
// and so is whoever waits for an action to start.
func TestRule33_RequestsUnderWayAreTurnedAway(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		p := start(t, build(binary), graceful, testkit.Env("OW_MAX_BODY=1MiB")).ready(obey())
		requests := map[string]string{
			"a run":              "POST /run HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{\"value\":",
			"a run, no byte yet": "POST /run HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n",
			"a run in chunks":    "POST /run HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"value\":\r\n",
			"a long run":         "POST /run HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + strings.Repeat("x", 100_000),
			"an upload":          "POST /init HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{\"value\":{\"code\":\"#!",
			"an upload, no byte": "POST /init HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n",
			"chunks":             "POST /init HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"value\":\r\n",
		}
		clients := map[string]*connection{}
		for name, text := range requests {
			clients[name] = p.Dial()
			io.WriteString(clients[name], text)
		}
		// More than there is room for: those that wait for it are told, too.
		for i := range 24 {
			name := fmt.Sprint("one of many, ", i)
			clients[name] = p.Dial()
			io.WriteString(clients[name], "POST /run HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n")
		}
		invited := p.Dial()
		io.WriteString(invited, "POST /init HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
		if line, _ := invited.Reader.ReadString('\n'); !strings.Contains(line, " 100 ") && !strings.Contains(line, " 403 ") {
			t.Errorf("it says %q", line)
		}
		p.settled()
		p.Signal(syscall.SIGTERM)
		for name, c := range clients {
			got, err := c.Answer()
			// A second init is refused for that, whether it is here or not.
			if upload := strings.Contains(name, "upload") || name == "chunks"; err != nil || got != testkit.Failed(503, stopping) && !(upload && got.Status == 403) {
				t.Errorf("%s: %s %v", name, got, err)
			}
		}
		if status := p.Status(); status != 0 {
			t.Errorf("exit status %d", status)
		}
	})
}

// uploading begins the upload of a large archive, and gives the rest.
func uploading(p *proxy) (c *connection, rest string) {
	p.T.Helper()
	body := testkit.InitBody([]byte(strings.Repeat("x", 8<<20)), nil)
	c = p.Dial()
	fmt.Fprintf(c, "POST /init HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:1<<20])
	p.settled()
	return c, body[1<<20:]
}

func TestRule33_AnUploadIsTurnedAway(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		for _, protocol := range []string{"v0", "v1", "actionloop"} {
			// The proxy ends when a client has been silent for 250 ms, which one on a busy machine may be.
			testkit.Await(t, "a client sends on in time", func() bool {
				p := start(t, build(binary), protocols[protocol], graceful)
				silent, _ := uploading(p)
				sending, rest := uploading(p)
				p.Signal(syscall.SIGTERM)
				expectStopping(t, silent, "one that waits")
				// A client that reads its answer only when all is sent gets it, too.
				_, err := io.WriteString(sending, rest)
				if err == nil {
					expectStopping(t, sending, "one that sends on")
				}
				if status := p.Status(); status != 0 {
					t.Errorf("exit status %d", status)
				}
				if names := leftovers(t, p.Dir); len(names) > 0 {
					t.Errorf("it left %q", names)
				}
				return err == nil
			})
		}
	})
}

func TestRule33_AStartIsTurnedAway(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		slow := step{"sleep", "1h"}
		for name, c := range map[string]struct {
			code     string
			settings []setting
		}{
			"handshake":                  {obey(step{"stderr", "starting\n"}, slow), nil},
			"acknowledgement":            {obey(step{"stderr", "starting\n"}, slow), []setting{testkit.Env("OW_PROTOCOL=actionloop", "OW_WAIT_FOR_ACK=1")}},
			"a start that does not obey": {obey(step{"ignore"}, step{"stderr", "starting\n"}, slow), []setting{testkit.Env("OW_SHUTDOWN_GRACE=1s")}},
		} {
			t.Run(name, func(t *testing.T) {
				p := start(t, append([]setting{build(binary), graceful}, c.settings...)...)
				first, second := p.Dial(), p.Dial()
				first.Send("/init", testkit.InitBody(c.code, nil))
				p.Logged("starting")
				second.Send("/init", testkit.InitBody(c.code, nil)) // which waits for the first
				p.settled()
				p.Signal(syscall.SIGTERM)
				expectStopping(t, first, "the start")
				expectStopping(t, second, "the next")
				if status := p.Status(); status != 0 {
					t.Errorf("exit status %d", status)
				}
				testkit.Await(t, "no process is left", func() bool { return len(p.Descendants()) == 0 })
			})
		}
	})
}

func TestRule33_ACompilerIsTurnedAway(t *testing.T) {
	t.Parallel()
	begun := newGate(t)
	p := start(t, graceful, testkit.Env("OW_PROTOCOL=actionloop"), compiler(t, "touch "+begun.file+"\nsleep 3600\n"))
	c := p.Dial()
	c.Send("/init", testkit.InitBody("def main", nil))
	begun.await()
	p.Signal(syscall.SIGTERM)
	expectStopping(t, c, "the compiler")
	if status := p.Status(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// Asked twice, it does not wait for a start either.
func TestRule33_ASecondSignalEndsAStart(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_SHUTDOWN_GRACE=1h")).launchStart()
	p.Signal(syscall.SIGTERM)
	p.awaitStop()
	p.Signal(syscall.SIGTERM)
	if status := p.Status(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	testkit.Await(t, "no process is left", func() bool { return len(p.Descendants()) == 0 })
}

// launchStart begins an init whose action never says that it is ready, nor obeys.
func (p *proxy) launchStart() *proxy {
	p.Dial().Send("/init", testkit.InitBody(obey(step{"ignore"}, step{"stderr", "starting\n"}, step{"sleep", "1h"}), nil))
	p.Logged("starting")
	return p
}

// A second init that has its action ready while the last run of the first goes on
// is too late.
func TestRule33_AReplacementIsTurnedAway(t *testing.T) {
	t.Parallel()
	p := start(t, graceful, testkit.Env("PROXY_ALLOW_REINIT=1")).ready(obey())
	gate := newGate(t)
	running, next := p.Dial(), p.Dial()
	running.Send("/run", `{"value":`+doing("running", step{"stderr", "running\n"}, step{"await", gate.file})+`}`)
	p.awaitBusy()
	next.Send("/init", testkit.InitBody(obey(step{"stderr", "the next\n"}), nil))
	testkit.Await(t, "the next one has started", func() bool { return len(p.Descendants()) == 2 })
	p.settled()
	p.Signal(syscall.SIGTERM)
	p.awaitStop()
	gate.open()
	got, err := running.Answer()
	if err == nil {
		err = checkOwn(got, "running")
	}
	if err != nil {
		t.Error(err)
	}
	expectStopping(t, next, "the next")
	if status := p.Status(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	testkit.Await(t, "no process is left", func() bool { return len(p.Descendants()) == 0 })
}

// A run that waits for one of the places of those that overlap does not begin.
func TestRule33_ARunThatWaitsForAPlaceIsTurnedAway(t *testing.T) {
	t.Parallel()
	const places = 64
	gate := newGate(t)
	count := t.TempDir()
	p := start(t, graceful, testkit.Env("OW_PROTOCOL=v0", "__OW_ALLOW_CONCURRENT=true"))
	p.ready("#!/bin/sh\n: >" + count + "/$$\nuntil test -e " + gate.file + "; do sleep 0.1; done\necho '{}'\n")
	var running []*connection
	for range places {
		c := p.Dial()
		c.Send("/run", `{"value":{}}`)
		running = append(running, c)
	}
	testkit.Await(t, "all are running", func() bool {
		entries, _ := os.ReadDir(count)
		return len(entries) == places
	})
	waiting := p.Dial()
	waiting.Send("/run", `{"value":{}}`)
	p.settled()
	p.Signal(syscall.SIGTERM)
	p.awaitStop()
	gate.open()
	expectStopping(t, waiting, "the one that waited")
	for _, c := range running {
		if got, err := c.Answer(); err != nil || got != testkit.OK("{}") {
			t.Errorf("got %s %v", got, err)
		}
	}
	if status := p.Status(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
