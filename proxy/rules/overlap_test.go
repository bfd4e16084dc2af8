package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// checkOwn checks that an answer is the one of the request with that id.
func checkOwn(a answer, id string) error {
	var result struct {
		Value struct{ ID string }
		Error string
	}
	if err := json.Unmarshal([]byte(a.Body), &result); err != nil {
		return fmt.Errorf("%s: %w", a, err)
	}
	if a.Status != 200 || result.Value.ID != id {
		return fmt.Errorf("request %s was answered %s", id, a)
	}
	return nil
}

// crowd has clients send runs at the same time, each on a connection of its
// own, and checks every answer.
func crowd(t *testing.T, p *proxy, clients, runs int, steps ...step) {
	t.Helper()
	var all sync.WaitGroup
	for i := range clients {
		c := p.Dial()
		all.Go(func() {
			for n := range runs {
				id := fmt.Sprintf("%d.%d", i, n)
				err := c.Send("/run", `{"value":`+doing(id, steps...)+`}`)
				var got answer
				if err == nil {
					got, err = c.Answer()
				}
				if err == nil {
					err = checkOwn(got, id)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestRule32_OverlappingRunsNeverMixUp(t *testing.T) {
	t.Parallel()
	for _, clients := range []int{1, 2, 10, 100, 1000} {
		t.Run(fmt.Sprint(clients), func(t *testing.T) {
			eachBuild(t, func(t *testing.T, binary string) {
				for _, protocol := range []string{"v1", "actionloop"} {
					p := start(t, build(binary), protocols[protocol]).ready(obey())
					runs := max(1, 1000/clients)
					crowd(t, p, clients, runs)
					p.Ended(clients * runs)
				}
			})
		})
	}
}

func TestRule32_V0RunsOverlapWhereAllowed(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		for _, concurrent := range []string{"false", "true"} {
			p := start(t, build(binary), testkit.Env("OW_PROTOCOL=v0", "__OW_ALLOW_CONCURRENT="+concurrent)).ready(obey())
			crowd(t, p, 20, 5)
			p.Ended(100)
		}
	})
}

// Runs that wait for each other can only end if they overlap.
func TestRule32_V0RunsReallyOverlap(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=v0", "__OW_ALLOW_CONCURRENT=true"))
	p.ready("#!/bin/sh\ntouch $__OW_ME\nwhile [ ! -e $__OW_OTHER ]; do sleep 0.01; done\necho \"{\\\"me\\\":\\\"$__OW_ME\\\"}\"\n")
	var both sync.WaitGroup
	for _, names := range [][2]string{{"a", "b"}, {"b", "a"}} {
		both.Go(func() {
			got, err := p.TryPost("/run", fmt.Sprintf(`{"value":{},"me":%q,"other":%q}`, names[0], names[1]))
			if want := testkit.OK(fmt.Sprintf(`{"me":%q}`, names[0])); err != nil || got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	both.Wait()
}

// First come, first served: the action counts its runs.
func TestRule32_RunsAreServedInTheirOrder(t *testing.T) {
	t.Parallel()
	p := start(t).ready(obey())
	gate := newGate(t)
	first := p.Dial()
	first.Send("/run", `{"value":`+doing("0", step{"await", gate.file})+`}`)
	p.settled()
	var waiting []*connection
	for i := range 20 {
		c := p.Dial()
		c.Send("/run", `{"value":`+doing(fmt.Sprint(i+1))+`}`)
		waiting = append(waiting, c)
		p.settled() // so that they come one after the other
	}
	gate.open()
	for i, c := range waiting {
		got, err := c.Answer()
		if err == nil {
			err = checkOwn(got, fmt.Sprint(i+1))
		}
		if err != nil {
			t.Fatal(err)
		}
		contains(t, got.Body, fmt.Sprintf(`"run":%d}`, i+2))
	}
}

func TestRule32_PipelinedRunsAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		p := start(t, build(binary)).ready(obey())
		c := p.Dial()
		const n = 200
		go func() {
			for i := range n {
				c.Send("/run", `{"value":`+doing(fmt.Sprint(i))+`}`)
			}
		}()
		for i := range n {
			got, err := c.Answer()
			if err == nil {
				err = checkOwn(got, fmt.Sprint(i))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestRule32_SurplusLinesAreDropped(t *testing.T) {
	t.Parallel()
	const surplus = `{"value":{"id":"surplus"}}` + "\n"
	for name, steps := range map[string][]step{
		"in the same write":       {{"together", surplus}},
		"many":                    {{"together", strings.Repeat(surplus, 100)}},
		"half a line":             {{"together", `{"half":`}, {"after", `[["sleep","5ms"],["result","1}\n"],["touch","WRITTEN"]]`}},
		"half a line for ever":    {{"together", `{"half":`}},
		"in another write":        {{"after", `[["result","{\"surplus\":1}\n"],["touch","WRITTEN"]]`}},
		"a little later":          {{"after", `[["sleep","5ms"],["result","{\"surplus\":1}\n"],["touch","WRITTEN"]]`}},
		"later":                   {{"after", `[["sleep","30ms"],["result","{\"surplus\":1}\n"],["touch","WRITTEN"],["sleep","30ms"]]`}},
		"as much as a pipe holds": {{"after", `[["flood","result","64000"],["touch","WRITTEN"]]`}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, protocol := range []string{"v1", "quiet", "actionloop"} {
				t.Run(protocol, func(t *testing.T) {
					t.Parallel()
					p := start(t, protocols[protocol]).ready(obey())
					for n := range 4 {
						id := fmt.Sprint(n)
						written := newGate(t)
						value := strings.ReplaceAll(doing(id, steps...), "WRITTEN", written.file)
						if err := checkOwn(p.Run(value), id); err != nil {
							t.Fatal(err)
						}
						if strings.Contains(value, written.file) {
							written.await()
						}
					}
				})
			}
		})
	}
}

// A line that was written before the request was read is not its answer.
func TestRule32_AnAnswerBeforeTheQuestion(t *testing.T) {
	t.Parallel()
	p := start(t).ready(obey())
	sent, taken, looked := newGate(t), newGate(t), newGate(t)
	p.do(step{"after", fmt.Sprintf(`[["await",%q],["result","{\"surplus\":1}\n"],["drained"],["touch",%q],["await",%q]]`, sent.file, taken.file, looked.file)})
	c := p.Dial()
	c.Send("/run", `{"value":`+doing("own")+`}`)
	p.settled() // the request stands in the pipe
	sent.open()
	taken.await()
	p.settled() // the surplus line has come, and was looked at
	looked.open()
	got, err := c.Answer()
	if err == nil {
		err = checkOwn(got, "own")
	}
	if err != nil {
		t.Error(err)
	}
}

// An action that answers before it has read its whole line must not make the
// next run's line a part of it.
func TestRule32_AnAnswerInTheMiddleOfTheQuestion(t *testing.T) {
	t.Parallel()
	p := start(t).ready("#!/bin/bash\necho '{\"openwhisk\":1}'\nwhile read -r -N 1000 part; do echo '{\"early\":true}'; read -r rest; echo \"rest ${#rest} ${rest:0:20}\" >&2; " +
		"case $rest in *second*) exit 9;; esac; done\n")
	large := `{"id":"first","pad":"` + strings.Repeat("x", 300_000) + `"}`
	if got, want := p.Run(large), testkit.OK(`{"early":true}`); got != want {
		t.Fatalf("got %s", got)
	}
	if got := p.Run(`{"id":"second","pad":"` + strings.Repeat("y", 300_000) + `"}`); got.Status == 200 && got.Body != `{"early":true}` {
		t.Errorf("got %s", got)
	}
	if strings.Contains(p.Stderr.String(), fmt.Sprint("rest ", 600_000/1000)) {
		t.Error("two lines became one")
	}
}

// leavers send something of a run and leave.
var leavers = map[string]func(c *connection){
	"at once":       func(*connection) {},
	"in the header": func(c *connection) { c.Write([]byte("POST /run HTTP/1.1\r\nHost")) },
	"in the body": func(c *connection) {
		c.Write([]byte("POST /run HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"value\""))
	},
	"before the end": func(c *connection) { c.Send("/run", `{"value":`+doing("gone", step{"sleep", "2ms"})+`}`) },
	"a large answer": func(c *connection) { c.Send("/run", `{"value":`+doing("gone", step{"large", "3000000"})+`}`) },
	"a chunk short": func(c *connection) {
		c.Write([]byte("POST /run HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"value\""))
	},
	"half closed": func(c *connection) {
		c.Send("/run", `{"value":`+doing("gone")+`}`)
		c.CloseWrite()
	},
	"pipelined": func(c *connection) {
		for range 5 {
			c.Send("/run", `{"value":`+doing("gone")+`}`)
		}
	},
	"an init": func(c *connection) { c.Send("/init", testkit.InitBody(obey(), nil)) },
}

func TestRule32_ClientsThatLeaveHarmNoOther(t *testing.T) {
	t.Parallel()
	for name, leave := range leavers {
		t.Run(name, func(t *testing.T) {
			eachBuild(t, func(t *testing.T, binary string) {
				t.Parallel()
				p := start(t, build(binary)).ready(obey())
				leaving := 30
				if name == "a large answer" {
					leaving = 8 // 3 MB each
				}
				var leavers sync.WaitGroup
				for range 3 {
					leavers.Go(func() {
						for range leaving {
							if c, err := p.TryDial(); err == nil {
								leave(c)
								c.Close()
							}
							time.Sleep(time.Millisecond)
						}
					})
				}
				crowd(t, p, 5, 40)
				leavers.Wait()
				crowd(t, p, 1, 5)
			})
		})
	}
}

func TestRule32_SlowClientsHarmNoOther(t *testing.T) {
	t.Parallel()
	p := start(t).ready(obey())
	for range 5 { // these never finish their request
		p.Dial().Write([]byte("POST /run HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"))
		p.Dial().Write([]byte("POST /init HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"))
	}
	for range 5 { // these never take their answer
		p.Dial().Send("/run", `{"value":`+doing("", step{"large", "10000000"})+`}`)
	}
	trickle := p.Dial()
	done := make(chan struct{})
	go func() {
		defer close(done)
		body := `{"value":` + doing("slow") + `}`
		head := fmt.Sprintf("POST /run HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", len(body))
		for _, b := range []byte(head) { // which has to be there within 10 s
			trickle.Write([]byte{b})
		}
		for _, b := range []byte(body) {
			trickle.Write([]byte{b})
			time.Sleep(time.Millisecond)
		}
	}()
	crowd(t, p, 10, 20)
	<-done
	got, err := trickle.Answer()
	if err == nil {
		err = checkOwn(got, "slow")
	}
	if err != nil {
		t.Error(err)
	}
}

// More clients than descriptors: those who find no place wait for one.
func TestRule32_MoreClientsThanDescriptors(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v1", "v0"} {
		t.Run(protocol, func(t *testing.T) {
			p := start(t, protocols[protocol], limited(t, "--nofile=64:64")).ready(obey())
			var clients sync.WaitGroup
			for i := range 200 {
				clients.Go(func() {
					got, err := p.TryPost("/run", `{"value":`+doing(fmt.Sprint(i))+`}`)
					if err == nil {
						err = checkOwn(got, fmt.Sprint(i))
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
			clients.Wait()
		})
	}
}
