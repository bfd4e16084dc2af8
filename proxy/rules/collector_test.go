package rules

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func TestRule34_TheLogIsCompleteWhenTheAnswerComes(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		type run struct {
			name, body string
			logged     string // on stderr
			ends       bool   // the action
		}
		do := func(steps ...step) string { return `{"value":` + doing("", steps...) + `}` }
		runs := []run{
			{name: "silent", body: `{"value":{}}`},
			{name: "a line", body: do(step{"stderr", "hello\n"}), logged: "hello\n"},
			{name: "half a line", body: do(step{"stderr", "hel"}, step{"stderr", "lo"}), logged: "hello\n"},
			{name: "much", body: do(step{"flood", "stderr", "300000"}, step{"stderr", "end"}), logged: flooded(300000) + "end\n"},
			{name: "the testkit.Sentinel's own text", body: do(step{"stderr", "I know " + testkit.Sentinel[:30] + "\n"}), logged: "I know " + testkit.Sentinel[:30] + "\n"},
			{name: "no object", body: `{"value":"text"}`},
			{name: "no JSON", body: `{"value":{}`},
			{name: "an error of the action", body: do(step{"stderr", "oh\n"}, step{"result", "{\"error\":1}\n"}), logged: "oh\n"},
			{name: "a bad result", body: do(step{"stderr", "oh\n"}, step{"result", "42\n"}), logged: "oh\n"},
			{name: "an empty result", body: do(step{"stderr", "oh\n"}, step{"result", "\n"}), logged: "oh\n"},
			{name: "a large answer", body: do(step{"stderr", "oh\n"}, step{"large", "3000000"}), logged: "oh\n"},
			{name: "an exit", body: do(step{"stderr", "oh"}, step{"exit", "3"}), logged: "oh\n", ends: true},
			{name: "a kill", body: do(step{"stderr", "oh\n"}, step{"kill", "9"}), logged: "oh\n", ends: true},
		}
		for _, r := range runs {
			t.Run(r.name, func(t *testing.T) {
				c, files := testkit.Collect(t)
				p := start(t, chosen, files).ready(obey())
				for range 5 {
					p.Post("/run", r.body)
					if r.name == "no JSON" && protocol == "v0" {
						c.Activation() // what it is taken for is not this test's affair
						continue
					}
					if got := c.Activation(); got[1] != r.logged {
						t.Fatalf("stderr holds %.200q, want %.200q", got[1], r.logged)
					}
					if r.ends && protocol != "v0" {
						p.Post("/run", r.body)
						if got := c.Activation(); got[1] != "" {
							t.Fatalf("afterwards stderr holds %q", got[1])
						}
						p.end()
						p = start(t, chosen, files).ready(obey())
						c.Forget()
					}
				}
			})
		}
	})
}

// flooded is what the step "flood" writes.
func flooded(size int) string {
	return strings.Repeat(strings.Repeat("0123456789abcde ", 4)[:63]+"\n", size/64)
}

// A result that is none is shown in the log, but in ActionLoop.
func TestRule28_WhereABadResultIsShown(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		c, files := testkit.Collect(t)
		p := start(t, chosen, files).ready(obey())
		for _, result := range []string{"42", "null", `"text"`, "{", "no JSON at all"} {
			if got := p.do(step{"result", result + "\n"}); got != testkit.Failed(502, noResult) {
				t.Errorf("%s: got %s", result, got)
			}
			want := [2]string{result + "\n", ""}
			if protocol == "actionloop" {
				want[0] = ""
			}
			if got := c.Activation(); got != want {
				t.Errorf("%s: logged %q, want %q", result, got, want)
			}
		}
	})
}

// An exit during a run is no line in the log; a debugged proxy tells of it.
func TestRule30_AnExitIsNotLogged(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v1", "quiet", "actionloop"} {
		for _, debug := range []bool{false, true} {
			t.Run(fmt.Sprint(protocol, debug), func(t *testing.T) {
				c, files := testkit.Collect(t)
				p := start(t, protocols[protocol], files, func(cmd *exec.Cmd) {
					if debug {
						cmd.Args = append(cmd.Args, "-debug")
					}
				}).ready(obey())
				p.do(step{"exit", "3"})
				want := [2]string{}
				if debug {
					want[1] = "the action exited: exit status 3\n"
				}
				if got := c.Activation(); got != want {
					t.Errorf("logged %q, want %q", got, want)
				}
			})
		}
	}
}

// Where both streams are one file, each line that is not ended is, whichever
// stream it came from, and both sentinels stand alone.
func TestRule34_BothStreamsInOneFile(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		c, files := testkit.Collect(t)
		p := start(t, chosen, files, c.Merged).ready(obey())
		both := testkit.Sentinel + "\n" + testkit.Sentinel + "\n"
		want := ""
		for _, stream := range logChannels[protocol] {
			p.do(step{stream, "half"}, step{"result", answerAfter(protocol, stream, "half")})
			want += "half\n" + both
			p.do(step{stream, "whole\n"})
			want += "whole\n" + both
			p.do()
			want += both
			if got := string(c.Read(0)); got != want {
				t.Fatalf("the file holds %q, want %q", got, want)
			}
		}
	})
}

// Two hundred activations, each with a log of its own: none gets another's.
func TestRule34_TwoHundredLogs(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		random := seeded(t)
		c, files := testkit.Collect(t)
		p := start(t, chosen, files).ready(obey())
		conn := p.Dial()
		for n := range 200 {
			var want [2]string
			steps := []step{}
			for i, stream := range []string{"stdout", "stderr"} {
				if i == 0 && protocol == "v1" {
					continue // its results
				}
				for range random.IntN(3) {
					line := fmt.Sprintf("%d: %s", n, strings.Repeat("x", random.IntN(100)))
					steps = append(steps, step{stream, line + "\n"})
					want[i] += line + "\n"
				}
			}
			conn.Send("/run", `{"value":`+doing(fmt.Sprint(n), steps...)+`}`)
			got, err := conn.Answer()
			if err == nil {
				err = checkOwn(got, fmt.Sprint(n))
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Activation(); got != want {
				t.Fatalf("run %d logged %q, want %q", n, got, want)
			}
		}
	})
}

// seeded gives random numbers, and tells where they began.
func seeded(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Runs that overlap share their streams: when an answer is there, so are at least
// as many sentinels as there are answers.
func TestRule34_OverlappingRunsEndTheirLogs(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		c, files := testkit.Collect(t)
		p := start(t, build(binary), files, testkit.Env("OW_PROTOCOL=v0", "__OW_ALLOW_CONCURRENT=true")).ready(obey())
		var answers atomic.Int64
		var all sync.WaitGroup
		const clients, runs = 10, 20
		for i := range clients {
			conn := p.Dial()
			all.Go(func() {
				for n := range runs {
					id := fmt.Sprintf("%d.%d", i, n)
					conn.Send("/run", `{"value":`+doing(id, step{"stdout", "out " + id + "\n"}, step{"stderr", "err " + id})+`}`)
					got, err := conn.Answer()
					if err == nil {
						err = checkOwn(got, id)
					}
					if err != nil {
						t.Error(err)
						return
					}
					if want := int(answers.Add(1)); c.Ended() < want {
						t.Errorf("%d answers, but fewer sentinels on a stream", want)
					}
					for stream, log := range []string{"out ", "err "} {
						if !bytes.Contains(c.Read(stream), []byte(log+id)) {
							t.Errorf("%s: stream %d lacks what the run logged", id, stream+1)
						}
					}
				}
			})
		}
		all.Wait()
		if got := c.Ended(); got != clients*runs {
			t.Errorf("%d sentinels for %d runs", got, clients*runs)
		}
	})
}

// What has no action to run ends its log before its answer, too, where it writes
// sentinels at all.
func TestRule34_FailuresBeforeARunEndTheirLogs(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"v0":         {"OW_PROTOCOL=v0"},
		"v1":         {"OW_PROTOCOL=v1", "OW_LOG_INIT_ERROR=1"},
		"actionloop": {"OW_PROTOCOL=actionloop", "OW_LOG_INIT_ERROR=1"},
	} {
		t.Run(name, func(t *testing.T) {
			c, files := testkit.Collect(t)
			p := start(t, files, testkit.Env(settings...))
			if name == "v0" {
				p.Run(`{}`)
				c.Activation()
			}
			for range 20 {
				p.Init("#!/no/such\n")
				c.Activation()
			}
		})
	}
}
