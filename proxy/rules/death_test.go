package rules

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// deaths are ways to die in the middle of a run.
var deaths = map[string][]step{
	"exits":                         {{"exit", "3"}},
	"is killed":                     {{"kill", "9"}},
	"is terminated":                 {{"kill", "15"}},
	"writes half a line and exits":  {{"result", "{\"half"}, {"exit", "3"}},
	"logs half a line and exits":    {{"stderr", "half"}, {"exit", "3"}},
	"logs much and exits":           {{"flood", "stderr", "300000"}, {"exit", "3"}},
	"leaves a child with its pipes": {{"spawn", `[["sleep","1h"]]`}, {"exit", "3"}},
	"closes its results and exits":  {{"close", "result"}, {"sleep", "20ms"}, {"exit", "3"}},
	"closes everything and exits":   {{"close", "stdin"}, {"close", "result"}, {"close", "stdout"}, {"close", "stderr"}, {"exit", "3"}},
}

func TestRule30_DeathDuringARun(t *testing.T) {
	t.Parallel()
	for name, steps := range deaths {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
				p := start(t, chosen).ready(obey())
				p.Run(`{}`)
				got := p.do(steps...)
				if strings.Contains(name, "closes") && protocol != "v0" {
					// It gets a second for its end, in which a busy machine may not come to it.
					testkit.Await(t, "it ends in time", func() bool {
						if got.Status != 502 || got.Error(t) != "the action exited: it closed its input or output" {
							return true
						}
						p.end()
						p = start(t, chosen).ready(obey())
						p.Run(`{}`)
						got = p.do(steps...)
						return false
					})
				}
				how := "exit status 3"
				switch name {
				case "is killed":
					how = "signal: killed (out of memory?)"
				case "is terminated":
					how = "signal: terminated"
				}
				want, after := testkit.Failed(502, "the action exited: "+how), testkit.Failed(500, "the action exited: "+how)
				switch protocol {
				case "actionloop":
					want, after = testkit.Failed(400, "command exited"), testkit.Failed(500, "command exited")
				case "v0":
					want = testkit.Failed(502, noResult)
				}
				if got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				p.Ended(2)
				for n := 3; n < 6; n++ {
					got := p.Run(`{}`)
					if protocol == "v0" {
						if got.Status != 200 {
							t.Errorf("a fresh process: %s", got)
						}
					} else if got != after {
						t.Errorf("got %s, want %s", got, after)
					}
					p.Ended(n)
				}
				if protocol != "v0" {
					testkit.Await(t, "no process is left", func() bool { return len(p.Descendants()) == 0 })
				}
				if n := p.zombies(); n > 0 {
					t.Errorf("%d zombies", n)
				}
			})
		})
	}
}

func TestRule30_DeathBetweenRuns(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v1", "quiet", "actionloop"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			p := start(t, protocols[protocol]).ready(obey())
			p.do(step{"after", `[["stderr","last words"],["exit","3"]]`})
			testkit.Await(t, "the action is gone", func() bool { return len(p.Descendants()) == 0 })
			want := testkit.Failed(500, "the action exited: exit status 3")
			if protocol == "actionloop" {
				want = testkit.Failed(500, "command exited")
			}
			for range 3 {
				if got := p.Run(`{}`); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
			p.Ended(4)
			p.Logged("last words")
			if n := p.zombies(); n > 0 {
				t.Errorf("%d zombies", n)
			}
		})
	}
}

// A child that ends before anybody runs it is collected all the same.
func TestRule30_AnActionThatDiesUnusedLeavesNoZombie(t *testing.T) {
	t.Parallel()
	p := start(t).ready(obey())
	for _, pid := range p.Descendants() {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	testkit.Await(t, "the action is gone", func() bool { return len(p.Descendants()) == 0 })
	if got := p.Run(`{}`); got != testkit.Failed(500, "the action exited: signal: killed (out of memory?)") {
		t.Errorf("got %s", got)
	}
	if n := p.zombies(); n > 0 {
		t.Errorf("%d zombies", n)
	}
}

// A child that closes its input with a request in it is dead to that request.
func TestRule30_ARequestInAClosedPipe(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=v1")).ready(obey())
	sent := newGate(t)
	p.do(step{"after", fmt.Sprintf(`[["await",%q],["close","stdin"],["sleep","1h"]]`, sent.file)})
	c := p.Dial()
	c.Send("/run", `{"value":{}}`)
	p.settled() // the request stands in the pipe
	sent.open()
	if got, err := c.Answer(); err != nil || got != testkit.Failed(500, "the action exited: it closed its input or output") {
		t.Errorf("got %s (%v)", got, err)
	}
}

// A child may close its input once it has read the last request that it wants.
func TestRule30_TheLastAnswerOfAClosedPipe(t *testing.T) {
	t.Parallel()
	asked, let := newGate(t), newGate(t)
	p := start(t, testkit.Env("OW_PROTOCOL=v1")).ready(fmt.Sprintf("#!/bin/bash\necho '{\"openwhisk\":1}'\nread -r line\nexec <&-\n>%s\nuntil test -e %s; do sleep 0.05; done\necho '{\"last\":true}'\n",
		asked.file, let.file))
	c := p.Dial()
	c.Send("/run", `{"value":{}}`)
	asked.await()
	p.settled()
	let.open()
	if got, err := c.Answer(); err != nil || got != testkit.OK(`{"last":true}`) {
		t.Errorf("got %s (%v)", got, err)
	}
}

func TestRule30_ClosedPipes(t *testing.T) {
	t.Parallel()
	for _, pipe := range []string{"stdin", "result"} {
		t.Run(pipe, func(t *testing.T) {
			t.Parallel()
			p := start(t, testkit.Env("OW_PROTOCOL=v1")).ready(obey())
			for range 2 { // it lives on, but can never answer
				got := p.do(step{"after", `[["close","` + pipe + `"],["sleep","1h"]]`}, step{"large", "10"})
				if got.Status != 200 && !strings.HasPrefix(got.Error(t), "the action exited: ") {
					t.Errorf("got %s", got)
				}
			}
			testkit.Await(t, "it is gone", func() bool { return len(p.Descendants()) == 0 })
		})
	}
}
