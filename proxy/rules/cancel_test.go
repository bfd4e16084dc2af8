package rules

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// several starts an action that takes so many runs at a time.
func several(t *testing.T, runs int, settings ...setting) *proxy {
	t.Helper()
	return start(t, append([]setting{protocols["v2"], overlapping}, settings...)...).ready(obey(step{"concurrency", strconv.Itoa(runs)}))
}

// A run whose client leaves is cancelled, whether it streams or not, and no other notices.
func TestCancel_TheClientLeaves(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		for _, runs := range []int{1, 4} {
			p := several(t, runs, build(binary))
			for _, streams := range []bool{false, true} {
				begun, seen := newGate(t), newGate(t)
				steps := []step{{"touch", begun.file}, {"cancelled"}, {"touch", seen.file}}
				c := p.Dial()
				if streams {
					c.Write([]byte(streamRequest(doing("", append([]step{{"out", "x"}}, steps...)...))))
				} else {
					c.Send("/run", `{"value":`+doing("", steps...)+`}`)
				}
				begun.await()
				c.Close()
				seen.await()
				if got := p.Run(doing("a")); checkOwn(got, "a") != nil {
					t.Errorf("afterwards: %s", got)
				}
			}
		}
	})
}

// A run that still waits when its client leaves is never opened.
func TestCancel_ARunThatWaits(t *testing.T) {
	t.Parallel()
	p := several(t, 1)
	begun, goOn, opened := newGate(t), newGate(t), newGate(t)
	first := p.Dial()
	first.Send("/run", `{"value":`+doing("1", step{"touch", begun.file}, step{"await", goOn.file})+`}`)
	begun.await()
	second := p.Dial()
	second.Send("/run", `{"value":`+doing("2", step{"touch", opened.file})+`}`)
	p.settled()
	second.Close()
	testkit.Await(t, "the proxy has heard of that", p.waits) // the end counts as a byte that was not read, for ever
	goOn.open()
	if got, err := first.Answer(); err != nil || checkOwn(got, "1") != nil {
		t.Errorf("the first: %s, %v", got, err)
	}
	if got := p.Run(doing("3")); checkOwn(got, "3") != nil || !strings.Contains(got.Body, `"run":2`) {
		t.Errorf("the third: %s", got)
	}
}

// Near its deadline a run is cancelled, so that its end is still the answer; so it is when the container stops.
func TestCancel_TimeIsUp(t *testing.T) {
	t.Parallel()
	for _, runs := range []int{1, 4} {
		t.Run(strconv.Itoa(runs), func(t *testing.T) { timeIsUp(t, runs) })
	}
}

func timeIsUp(t *testing.T, runs int) {
	t.Parallel()
	p := several(t, runs)
	deadline := time.Now().Add(3 * time.Second).UnixMilli()
	body := fmt.Sprintf(`{"activation_id":"0a-9","deadline":"%d","value":%s}`, deadline, doing("", step{"cancelled"}, step{"words"}))
	if got := p.Post("/run", body); got.Status != 200 || !strings.Contains(got.Body, `"cancelled":true`) || !strings.Contains(got.Body, fmt.Sprintf(`"words":"0a-9 %d"`, deadline)) {
		t.Errorf("deadline: %s", got)
	}
	if got := p.Post("/run", `{"activation_id":"a b","deadline":"123","value":`+doing("", step{"words"})+`}`); !strings.Contains(got.Body, `"words":"- -"`) {
		t.Errorf("a deadline that has passed: %s", got)
	}
	p = several(t, runs, testkit.Env("OW_SHUTDOWN_GRACE=6s"))
	begun := newGate(t)
	c := p.Dial()
	c.Send("/run", `{"value":`+doing("", step{"ignore"}, step{"touch", begun.file}, step{"cancelled"})+`}`)
	begun.await()
	p.Signal(syscall.SIGTERM)
	if got, err := c.Answer(); err != nil || !strings.Contains(got.Body, `"cancelled":true`) {
		t.Errorf("shutdown: %s, %v", got, err)
	}
	if status := p.Status(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// A reader who takes nothing loses its stream, and its run is cancelled, while others go on.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	const forEver = "1000000000"
	for _, others := range []bool{false, true} {
		p := several(t, 2)
		begun, goOn, seen := newGate(t), newGate(t), newGate(t)
		other := p.Dial()
		if others {
			other.Send("/run", `{"value":`+doing("other", step{"touch", begun.file}, step{"await", goOn.file})+`}`)
			begun.await()
		}
		_, response := p.open(t, doing("", step{"flow", forEver}, step{"cancelled"}, step{"touch", seen.file}, step{"out", "late"}))
		seen.await()
		goOn.open()
		if others {
			if got, err := other.Answer(); err != nil || checkOwn(got, "other") != nil {
				t.Errorf("the other: %s, %v", got, err)
			}
		}
		got := rest(response)
		if got.err != nil || got.outcome != "error" || !strings.Contains(got.result, "the reader of the stream") || strings.Contains(got.body, "late") {
			t.Errorf("others %v: %d bytes, %s, %s, %v", others, len(got.body), got.outcome, got.result, got.err)
		}
		if most := int64(60 << 20); p.peakMemory() > most {
			t.Errorf("it took %d bytes", p.peakMemory())
		}
	}
}

// A reader who takes its time gets everything: an action whose run is alone waits for it.
func TestSlowReaders_Alone(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		for _, runs := range []int{1, 4} {
			p := several(t, runs, build(binary))
			if got := p.stream(t, step{"flow", "20000"}, step{"end", "{}"}); got.err != nil || len(got.body) != 20000<<10 || got.result != "{}" {
				t.Errorf("%d runs: %d bytes, %s, %v", runs, len(got.body), got.result, got.err)
			}
		}
	})
}
