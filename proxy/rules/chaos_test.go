package rules

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// mischief is what actions do in the chaos, with how a run may then end besides
// with its own answer. Those that kill a long-lived action are for version 0.
var mischief = []struct {
	steps  []step
	deadly bool
}{
	{nil, false},
	{[]step{{"sleep", "2ms"}}, false},
	{[]step{{"stderr", "no line end"}}, false},
	{[]step{{"flood", "stderr", "100000"}}, false},
	{[]step{{"large", "200000"}}, false},
	{[]step{{"together", "{\"surplus\":1}\n{\"surplus\":2}\n"}}, false},
	{[]step{{"spawn", `[["sleep","5ms"]]`}}, false},
	{[]step{{"orphan", `[["sleep","5ms"]]`}}, false},
	{[]step{{"hex", "stderr", "fffe0080"}}, false},
	{[]step{{"exit", "3"}}, true},
	{[]step{{"kill", "9"}}, true},
	{[]step{{"close", "stdin"}, {"close", "stderr"}}, true},
	{[]step{{"result", "{\"half"}, {"exit", "1"}}, true},
	{[]step{{"result", "garbage\n"}}, true},
}

// chaos has a hundred clients send runs that misbehave in every way, while
// others leave, and checks every answer.
func chaos(t *testing.T, p *proxy, protocol string, runs int) {
	var todo = make(chan int)
	go func() {
		defer close(todo)
		for i := range runs {
			todo <- i
		}
	}()
	var clients sync.WaitGroup
	for range 100 {
		clients.Go(func() {
			var c *connection
			for i := range todo {
				m := mischief[rand.IntN(len(mischief))]
				if m.deadly && protocol != "v0" || protocol == "v0" && len(m.steps) > 0 && m.steps[0][0] == "together" {
					m.steps, m.deadly = nil, false
				}
				id := fmt.Sprint(i)
				value := doing(id, m.steps...)
				if c == nil {
					var err error
					if c, err = p.TryDial(); err != nil {
						t.Error(err)
						return
					}
				}
				if rand.IntN(20) == 0 { // this one does not wait
					c.Send("/run", `{"value":`+value+`}`)
					c.Close()
					c = nil
					continue
				}
				err := c.Send("/run", `{"value":`+value+`}`)
				var got answer
				if err == nil {
					got, err = c.Answer()
				}
				if err == nil && (!m.deadly || got != testkit.Failed(502, noResult)) {
					err = checkOwn(got, id)
				}
				if err != nil {
					t.Errorf("%s: %v", value, err)
					return
				}
				if rand.IntN(10) == 0 {
					c.Close()
					c = nil
				}
			}
			if c != nil {
				c.Close()
			}
		})
	}
	clients.Wait()
}

// Ten thousand runs (a few hundred without -long), and nothing is left of them.
func TestChaos(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v1", "quiet", "actionloop", "v0"} {
		t.Run(protocol, func(t *testing.T) {
			eachBuild(t, func(t *testing.T, binary string) {
				settings := []setting{protocols[protocol], build(binary), testkit.Env("__OW_ALLOW_CONCURRENT=true"), asInit(t)}
				p := start(t, settings...).ready(obey())
				for range 20 {
					p.Run(`{}`)
				}
				crowd(t, p, 10, 2)
				p.settled()
				descriptorsBefore := len(testkit.Descriptors(p.Cmd.Process.Pid))
				runs := 400
				if *long {
					runs = 10_000
				}
				chaos(t, p, protocol, runs)
				if err := checkOwn(p.Run(doing("last")), "last"); err != nil {
					t.Error(err)
				}
				most := 1 // the action
				if protocol == "v0" {
					most = 0
				}
				testkit.Await(t, "no process, zombie or descriptor is left", func() bool {
					return len(p.Descendants()) <= most && p.zombies() == 0 && len(testkit.Descriptors(p.Cmd.Process.Pid)) <= descriptorsBefore
				})
				if n := p.threads(); n > 100 { // 64 runs may have overlapped
					t.Errorf("%d threads are left", n)
				}
			})
		})
	}
}

// An action that dies again and again under a crowd: every run is answered at
// once, with its own result or the reason.
func TestChaos_TheActionDies(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		p := start(t, build(binary), testkit.Env("OW_PROTOCOL=v1"), asInit(t)).ready(obey())
		var clients sync.WaitGroup
		for i := range 100 {
			clients.Go(func() {
				for n := range 3 {
					id := fmt.Sprintf("%d.%d", i, n)
					var steps []step
					if i == 50 && n == 1 {
						steps = []step{{"kill", "9"}}
					}
					got, err := p.TryPost("/run", `{"value":`+doing(id, steps...)+`}`)
					const how = "the action exited: signal: killed (out of memory?)"
					if err == nil && got != testkit.Failed(502, how) && got != testkit.Failed(500, how) {
						err = checkOwn(got, id)
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		clients.Wait()
		p.Ended(300)
		testkit.Await(t, "no zombie is left", func() bool { return p.zombies() == 0 && len(p.Descendants()) == 0 })
	})
}
