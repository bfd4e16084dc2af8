package rules

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// wild is what runs do in the chaos of version 2: each says its id in its stream and in its log.
func wild(id string) []step {
	say := func(n int) step { return step{"line", fmt.Sprintf("out ID %s.%d\nlog ID %s.%d\n", id, n, id, n)} }
	steps := []step{say(1), say(2), say(3)}
	for i, s := range []step{{"sleep", "1ms"}, {"flow", "300"}, {"line", "put zz9 foreign\nend zz9 {}\nstray\n"}, {"large", "20000"}, {"stderr", "err\n"}} {
		if rand.IntN(5) == 0 {
			steps = append(steps[:i%3+1], append([]step{s}, steps[i%3+1:]...)...)
		}
	}
	return steps
}

// textSlow is in the result of a stream whose reader was too slow.
const textSlow = "the reader of the stream left more than"

// check says what is wrong with a stream: its lines have to be those of the run, in their order.
func (s *streamed) check(id string) error {
	n := 0
	for line := range strings.Lines(s.body) {
		if strings.HasPrefix(line, "xxx") {
			continue
		}
		if n++; line != fmt.Sprintf("%s.%d\n", id, n) {
			return fmt.Errorf("run %s has the line %q", id, line)
		}
	}
	if s.err == nil && strings.Contains(s.result, textSlow) { // its end is missing
		return nil
	}
	if s.err != nil || n != 3 {
		return fmt.Errorf("run %s has %d lines, %w", id, n, s.err)
	}
	if s.length != "" {
		return nil
	}
	return checkOwn(testkit.OK(s.result), id)
}

// isDead reports whether an answer says that the action has ended.
func isDead(a answer) bool {
	return a.Status >= 500 && strings.Contains(a.Body, "the action exited: signal: killed")
}

// Runs that overlap, stream, are cancelled, are not read and die: none has another's answer, stream or log, and none is
// without an answer. (Ten thousand runs with -long.)
func TestChaos_Lines(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		collector, collect := testkit.Collect(t)
		p := several(t, 16, build(binary), testkit.Env("PROXY_ALLOW_REINIT=1"), collect)
		rounds, runs := 2, 150
		if *long {
			rounds, runs = 20, 500
		}
		for round := range rounds {
			if round > 0 {
				p.ready(obey(step{"concurrency", "16"}))
			}
			p.rage(t, round, runs)
			if got := p.do(step{"kill", "9"}); !isDead(got) {
				t.Errorf("the last: %s", got)
			}
		}
		for block := range strings.SplitSeq(string(collector.Read(0)), testkit.Sentinel+"\n"+testkit.Sentinel+"\n") {
			owner := ""
			for line := range strings.Lines(block) {
				id, _, own := strings.Cut(line, ".")
				if strings.HasPrefix(line, "[no activation] ") {
					continue
				}
				if owner == "" {
					owner = id
				}
				if !own || id != owner {
					t.Fatalf("a block of log mixes runs: %q", block)
				}
			}
		}
	})
}

// rage has clients send runs in every way, one of which kills the action near the end.
func (p *proxy) rage(t *testing.T, round, runs int) {
	var next, dead atomic.Int32
	var clients sync.WaitGroup
	for range 30 {
		clients.Go(func() {
			for {
				i := int(next.Add(1))
				if i > runs {
					return
				}
				id := fmt.Sprintf("%d-%d", round, i)
				steps := wild(id)
				if i == runs-20 {
					dead.Store(1)
					steps = []step{{"kill", "9"}}
				}
				if err := p.once(id, steps, rand.IntN(6), &dead); err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
}

// once sends a run in one of some ways, and checks what it gets.
func (p *proxy) once(id string, steps []step, way int, dead *atomic.Int32) error {
	c, err := p.TryDial()
	if err != nil {
		return err
	}
	defer c.Close()
	if way == 3 {
		steps = append([]step{{"flow", "4000"}}, steps...)
	}
	value := doing(id, steps...)
	if way < 2 {
		if err = c.Send("/run", `{"value":`+value+`}`); err != nil || way == 0 && rand.IntN(2) == 0 {
			return err // it leaves
		}
		got, err := c.Answer()
		if err == nil && !(dead.Load() > 0 && isDead(got)) {
			err = checkOwn(got, id)
		}
		return err
	}
	io.WriteString(c, streamRequest(value))
	response, err := http.ReadResponse(c.Reader, &http.Request{Method: "POST"})
	if err != nil {
		return err
	}
	if way == 2 { // it leaves in the middle
		return nil
	}
	if way == 3 { // it is slow
		if err := p.once(id+"s", nil, 1, dead); err != nil {
			return err
		}
	}
	got := rest(response)
	if died := dead.Load() > 0 && (isDead(answer{Status: 502, Body: got.result}) || got.whole && isDead(answer{Status: got.status, Body: got.body})); died {
		return nil
	}
	return got.check(id)
}
