package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// patiently answers each value when a file is there.
func patiently(gate string) string {
	return "#!/bin/sh\n[ \"$OW_PROTOCOL\" = v0 ] || echo '{\"openwhisk\":1}'\nread -r line\nwhile true; do echo running >&2; while [ ! -e " + gate +
		" ]; do sleep 0.01; done; echo '{}'; read -r line || exit; done\n"
}

// While a run goes on, what needs no action is answered.
func TestRule32_MeanwhileOthersAreAnswered(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v0", "v1"} {
		t.Run(protocol, func(t *testing.T) {
			eachBuild(t, func(t *testing.T, binary string) {
				gate := filepath.Join(t.TempDir(), "gate")
				p := start(t, protocols[protocol], build(binary)).ready(patiently(gate))
				open, running, queued := p.Dial(), p.Dial(), p.Dial()
				running.Send("/run", `{"value":{}}`)
				p.awaitBusy()
				queued.Send("/run", `{"value":{}}`)
				for range 3 {
					for _, c := range []*connection{open, p.Dial()} {
						c.Send("/unknown", "")
						if got, err := c.Answer(); err != nil || got.Status != 404 {
							t.Errorf("an unknown path: %s %v", got, err)
						}
						c.Send("/init", testkit.InitBody(obey(), nil))
						if got, err := c.Answer(); err != nil || got != testkit.Failed(403, onlyOnce) {
							t.Errorf("a second init: %s %v", got, err)
						}
					}
				}
				os.WriteFile(gate, nil, 0o644)
				for _, c := range []*connection{running, queued} {
					if got, err := c.Answer(); err != nil || got != testkit.OK("{}") {
						t.Errorf("got %s %v", got, err)
					}
				}
			})
		})
	}
}

// While an init waits for its handshake, runs are answered.
func TestRule26_RunsDuringAnInit(t *testing.T) {
	t.Parallel()
	gate := filepath.Join(t.TempDir(), "gate")
	p := start(t)
	c := p.Dial()
	c.Send("/init", testkit.InitBody("#!/bin/sh\necho starting >&2\nwhile [ ! -e "+gate+" ]; do sleep 0.01; done\necho '{\"openwhisk\":1}'\nwhile read -r line; do echo '{}'; done\n", nil))
	testkit.Await(t, "it starts", func() bool { return len(p.Descendants()) > 0 })
	for range 3 {
		if got, want := p.Run(`{}`), testkit.Failed(502, "the action failed to locate a binary"); got != want {
			t.Errorf("got %s", got)
		}
	}
	os.WriteFile(gate, nil, 0o644)
	if got, err := c.Answer(); err != nil || got != testkit.OK("OK") {
		t.Errorf("init: %s %v", got, err)
	}
	if got := p.Run(`{}`); got.Status != 200 {
		t.Errorf("run: %s", got)
	}
}

func TestRule09_ReinitUnderLoad(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		for _, protocol := range []string{"actionloop", "v1"} {
			p := start(t, build(binary), protocols[protocol], testkit.Env("PROXY_ALLOW_REINIT=true", "__OW_ALLOW_CONCURRENT=true", "OW_SHUTDOWN_GRACE=1s"), asInit(t)).ready(obey())
			var inits sync.WaitGroup
			inits.Go(func() {
				for i := range 10 {
					code, want := obey(), 200
					if i%3 == 2 {
						code, want = "#!/no/such\n", 502
					}
					if got, err := p.TryPost("/init", testkit.InitBody(code, nil)); err != nil || got.Status != want {
						t.Errorf("init: %s %v", got, err)
					}
				}
			})
			crowd(t, p, 10, 20)
			inits.Wait()
			crowd(t, p, 2, 5)
			testkit.Await(t, "the former actions are gone", func() bool { return len(p.Descendants()) <= 1 && p.zombies() == 0 })
		}
	})
}

// A stop in the middle of a crowd: whoever gets an answer gets its own, or 503.
func TestRule33_AStopUnderLoad(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		for _, protocol := range []string{"v0", "v1"} {
			p := start(t, build(binary), protocols[protocol], testkit.Env("__OW_ALLOW_CONCURRENT=true"), graceful).ready(obey())
			var clients sync.WaitGroup
			for i := range 20 {
				c := p.Dial()
				clients.Go(func() {
					for n := 0; ; n++ {
						id := fmt.Sprintf("%d.%d", i, n)
						if c.Send("/run", `{"value":`+doing(id, step{"stderr", "running\n"}, step{"sleep", "1ms"})+`}`) != nil {
							return
						}
						got, err := c.Answer()
						if err != nil {
							return // the proxy is gone
						}
						if got == testkit.Failed(503, stopping) {
							continue
						}
						if err := checkOwn(got, id); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			p.awaitBusy()
			time.Sleep(20 * time.Millisecond)
			p.Signal(syscall.SIGTERM)
			if status := p.Status(); status != 0 {
				t.Errorf("exit status %d", status)
			}
			clients.Wait()
			if left := p.Descendants(); len(left) > 0 {
				t.Errorf("processes are left: %v", left)
			}
		}
	})
}

// The pipes of an action hold 64 KiB: whatever it does first, nobody waits for
// the other for ever.
func TestRule31_LogsBeforeTheValueIsRead(t *testing.T) {
	t.Parallel()
	for protocol, begin := range map[string]string{"v0": "", "v1": "echo '{\"openwhisk\":1}'\n"} {
		t.Run(protocol, func(t *testing.T) {
			script := "#!/bin/bash\n" + begin + "head -c 1000000 /dev/zero >&2\nread -r line\necho \"{\\\"length\\\":${#line}}\"\nread -r line\n"
			p := start(t, protocols[protocol]).ready(script)
			value := `{"pad":"` + strings.Repeat("x", 1_000_000) + `"}`
			if got, want := p.Run(value), testkit.OK(fmt.Sprintf(`{"length":%d}`, len(value))); got != want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestRule14_HandshakesThatAreFine(t *testing.T) {
	t.Parallel()
	const loop = "\n: >\"$WRITTEN\"\nwhile read -r line; do echo \"$line\"; done\n"
	for name, greeting := range map[string]string{
		"plain":        `printf '{"openwhisk":1}\n'`,
		"blanks":       `printf '  { "openwhisk" :\t1 } \n'`,
		"as the seed":  `printf '{"openwhisk": 1}\n'`,
		"blanks, CR":   `printf ' {\t"openwhisk" : 1 }\r\n'`,
		"a list first": `printf '{"x-a":[{"openwhisk":2}],"openwhisk":1,"upto":2}\n'`,
		"CR LF":        `printf '{"openwhisk":1}\r\n'`,
		"more members": `printf '{"x-name":"test","openwhisk":1,"more":{"openwhisk":2}}\n'`,
		"4096 bytes":   `printf '{"openwhisk":1,"pad":"%04060d"}\n' 0`,
		"in pieces":    `printf '{"open'; sleep 0.05; printf 'whisk":1'; sleep 0.05; printf '}\n'`,
		"with surplus": `printf '{"openwhisk":1}\n{"surplus":1}\n'`,
		"surplus soon": `printf '{"openwhisk":1}\n'; printf '{"surplus":1}\n'`,
		"late":         `sleep 0.5; printf '{"openwhisk":1}\n'`,
		"much logged":  `head -c 500000 /dev/zero >&2; printf '{"openwhisk":1}\n'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			written := newGate(t)
			p := start(t, testkit.Env("WRITTEN="+written.file)).ready("#!/bin/bash\n" + greeting + loop)
			written.await() // what is surplus, too
			for i := range 3 {
				value := fmt.Sprintf(`{"n":%d}`, i)
				if got := p.Run(value); got != testkit.OK(value) {
					t.Errorf("got %s, want %s", got, value)
				}
			}
		})
	}
}

func TestRule27_RequestsThatAreNotJSON(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		if protocol == "v0" {
			return // TestRule11_V0TakesNoJSONForNothing
		}
		p := start(t, chosen).ready(obey())
		bodies := []string{`{`, `{"value":{}`, `{"value":{}}}`, `{"value":{},}`, `hello`, `{"value":{"a":}}`, "\ufeff{}", `{"value":[1,]}`, "{\"value\":{\"a\":\"\x01\"}}",
			`{"value":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, `{"value":{}} {"value":{}}`, `{'value':{}}`, `[]`, `"text"`, `null`}
		for _, body := range bodies {
			got := p.Post("/run", body)
			if got.Status != 400 {
				t.Errorf("%.40s: %s", body, got)
				continue
			}
			got.Error(t)
		}
		if got := p.Run(`{}`); !strings.Contains(got.Body, `"run":1`) {
			t.Errorf("a good one after: %s", got)
		}
	})
}
