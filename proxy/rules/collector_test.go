package rules

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A collector reads a proxy's logs as the invoker does for images of users: what
// is there at the moment when the answer comes, up to the sentinel on each
// stream. It waits for nothing, so that what comes late is the next activation's.
type collector struct {
	t     *testing.T
	files [2]string
	taken [2]int // bytes, up to the last sentinel that was read
}

// collected has the proxy log to files, whose content is always all that was
// written.
func collected(t *testing.T) (*collector, setting) {
	t.Helper()
	dir := t.TempDir()
	c := &collector{t: t, files: [2]string{filepath.Join(dir, "stdout"), filepath.Join(dir, "stderr")}}
	return c, func(cmd *exec.Cmd) {
		var open [2]*os.File
		for i, name := range c.files {
			var err error
			if open[i], err = os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { open[i].Close() })
		}
		cmd.Stdout, cmd.Stderr = open[0], open[1]
	}
}

// merged has both streams lead to one file.
func (c *collector) merged(cmd *exec.Cmd) { cmd.Stderr = cmd.Stdout }

func (c *collector) read(stream int) []byte {
	c.t.Helper()
	b, err := os.ReadFile(c.files[stream])
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// activation takes the log of the activation whose answer has just come, which
// has to be all that is there.
func (c *collector) activation() (logs [2]string) {
	c.t.Helper()
	for i := range c.files {
		b := c.read(i)[c.taken[i]:]
		c.taken[i] += len(b)
		log, ended := strings.CutSuffix("\n"+string(b), "\n"+sentinel+"\n")
		if !ended || strings.Contains(log, sentinel) {
			c.t.Fatalf("stream %d does not end with its one sentinel at the answer: %.300q", i+1, b)
		}
		if logs[i] = strings.TrimPrefix(log, "\n"); logs[i] != "" {
			logs[i] += "\n"
		}
	}
	return logs
}

// sentinels counts the activations that have ended on both streams.
func (c *collector) sentinels() int {
	end := []byte("\n" + sentinel + "\n")
	count := func(stream int) int { return bytes.Count(append([]byte("\n"), c.read(stream)...), end[1:]) }
	return min(count(0), count(1))
}

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
			{name: "the sentinel's own text", body: do(step{"stderr", "I know " + sentinel[:30] + "\n"}), logged: "I know " + sentinel[:30] + "\n"},
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
				c, files := collected(t)
				p := start(t, chosen, files).ready(obey())
				for range 5 {
					p.post("/run", r.body)
					if r.name == "no JSON" && protocol == "v0" {
						c.activation() // what it is taken for is not this test's affair
						continue
					}
					if got := c.activation(); got[1] != r.logged {
						t.Fatalf("stderr holds %.200q, want %.200q", got[1], r.logged)
					}
					if r.ends && protocol != "v0" {
						p.post("/run", r.body)
						if got := c.activation(); got[1] != "" {
							t.Fatalf("afterwards stderr holds %q", got[1])
						}
						p.end()
						p = start(t, chosen, files).ready(obey())
						c.taken = [2]int{len(c.read(0)), len(c.read(1))}
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
		c, files := collected(t)
		p := start(t, chosen, files).ready(obey())
		for _, result := range []string{"42", "null", `"text"`, "{", "no JSON at all"} {
			if got := p.do(step{"result", result + "\n"}); got != failed(502, noResult) {
				t.Errorf("%s: got %s", result, got)
			}
			want := [2]string{result + "\n", ""}
			if protocol == "actionloop" {
				want[0] = ""
			}
			if got := c.activation(); got != want {
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
				c, files := collected(t)
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
				if got := c.activation(); got != want {
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
		c, files := collected(t)
		p := start(t, chosen, files, c.merged).ready(obey())
		both := sentinel + "\n" + sentinel + "\n"
		want := ""
		for _, stream := range logChannels[protocol] {
			p.do(step{stream, "half"}, step{"result", answerAfter(protocol, stream, "half")})
			want += "half\n" + both
			p.do(step{stream, "whole\n"})
			want += "whole\n" + both
			p.do()
			want += both
			if got := string(c.read(0)); got != want {
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
		c, files := collected(t)
		p := start(t, chosen, files).ready(obey())
		conn := p.dial()
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
			conn.send("/run", `{"value":`+doing(fmt.Sprint(n), steps...)+`}`)
			got, err := conn.answer()
			if err == nil {
				err = checkOwn(got, fmt.Sprint(n))
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := c.activation(); got != want {
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
		c, files := collected(t)
		p := start(t, build(binary), files, env("OW_PROTOCOL=v0", "__OW_ALLOW_CONCURRENT=true")).ready(obey())
		var answers atomic.Int64
		var all sync.WaitGroup
		const clients, runs = 10, 20
		for i := range clients {
			conn := p.dial()
			all.Go(func() {
				for n := range runs {
					id := fmt.Sprintf("%d.%d", i, n)
					conn.send("/run", `{"value":`+doing(id, step{"stdout", "out " + id + "\n"}, step{"stderr", "err " + id})+`}`)
					got, err := conn.answer()
					if err == nil {
						err = checkOwn(got, id)
					}
					if err != nil {
						t.Error(err)
						return
					}
					if want := int(answers.Add(1)); c.sentinels() < want {
						t.Errorf("%d answers, but fewer sentinels on a stream", want)
					}
					for stream, log := range []string{"out ", "err "} {
						if !bytes.Contains(c.read(stream), []byte(log+id)) {
							t.Errorf("%s: stream %d lacks what the run logged", id, stream+1)
						}
					}
				}
			})
		}
		all.Wait()
		if got := c.sentinels(); got != clients*runs {
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
			c, files := collected(t)
			p := start(t, files, env(settings...))
			if name == "v0" {
				p.run(`{}`)
				c.activation()
			}
			for range 20 {
				p.init("#!/no/such\n")
				c.activation()
			}
		})
	}
}
