package rules

import (
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func TestRule38_OrphansAreReaped(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
			p := start(t, chosen, build(binary), asInit(t)).ready(obey())
			for range 5 {
				steps := []step{}
				for range 5 {
					steps = append(steps, step{"orphan", `[["sleep","5ms"]]`})
				}
				if got := p.do(steps...); got.Status != 200 {
					t.Fatalf("got %s", got)
				}
			}
			p.Ended(5)
			testkit.Await(t, "the orphans are gone", func() bool {
				alive := len(p.Descendants())
				return p.zombies() == 0 && (alive == 0 || protocol != "v0" && alive == 1)
			})
		})
	})
}

// Orphans are collected while runs of version 0 come and go, and neither takes
// the other's status.
func TestRule38_OrphansUnderLoad(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		p := start(t, testkit.Env("OW_PROTOCOL=v0", "__OW_ALLOW_CONCURRENT=true"), build(binary), asInit(t)).ready(obey())
		runs := 8
		if *long {
			runs = 500
		}
		crowd(t, p, 10, runs, step{"orphan", `[["sleep","1ms"]]`}, step{"orphan", `[["kill","9"]]`})
		testkit.Await(t, "the orphans are gone", func() bool { return p.zombies() == 0 && len(p.Descendants()) == 0 })
	})
}

// The action itself may be among the dead that wait.
func TestRule38_OrphansOfADeadAction(t *testing.T) {
	t.Parallel()
	p := start(t, asInit(t)).ready(obey())
	p.do(step{"orphan", `[["sleep","200ms"]]`}, step{"orphan", `[["sleep","200ms"]]`}, step{"after", `[["exit","3"]]`})
	testkit.Await(t, "all are gone", func() bool { return len(p.Descendants()) == 0 })
	testkit.Await(t, "all are collected", func() bool { return p.zombies() == 0 })
}

func TestRule38_SignalsReachTheAction(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v1", "actionloop"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			p := start(t, protocols[protocol], asInit(t), graceful).ready(obey(step{"report"}))
			p.Run(`{}`)
			for s, name := range map[syscall.Signal]string{syscall.SIGHUP: "hangup", syscall.SIGUSR1: "user defined signal 1", syscall.SIGUSR2: "user defined signal 2"} {
				p.Signal(s)
				testkit.Await(t, "the action got "+name, func() bool { // its log comes with a run
					p.Run(`{}`)
					return strings.Contains(p.Stderr.String(), "got "+name+"\n")
				})
			}
			p.Signal(syscall.SIGTERM)
			if status := p.Status(); status != 0 {
				t.Errorf("exit status %d", status)
			}
			p.Logged("bye")
			if strings.Contains(p.Stderr.String(), "got terminated") {
				t.Error("SIGTERM came before the end of input had its time")
			}
		})
	}
}

func TestRule38_SignalsBeforeInitHarmNothing(t *testing.T) {
	t.Parallel()
	p := start(t, asInit(t))
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGCHLD, syscall.SIGWINCH, syscall.SIGPIPE, syscall.SIGALRM} {
		p.Signal(s)
	}
	p.settled()
	p.ready(obey())
	if got := p.Run(`{}`); got.Status != 200 {
		t.Errorf("got %s", got)
	}
}
