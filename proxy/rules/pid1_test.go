package rules

import (
	"strings"
	"syscall"
	"testing"
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
				if got := p.do(steps...); got.status != 200 {
					t.Fatalf("got %s", got)
				}
			}
			p.ended(5)
			await(t, "the orphans are gone", func() bool {
				alive := len(p.descendants())
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
		p := start(t, env("OW_PROTOCOL=v0", "__OW_ALLOW_CONCURRENT=true"), build(binary), asInit(t)).ready(obey())
		runs := 8
		if *long {
			runs = 500
		}
		crowd(t, p, 10, runs, step{"orphan", `[["sleep","1ms"]]`}, step{"orphan", `[["kill","9"]]`})
		await(t, "the orphans are gone", func() bool { return p.zombies() == 0 && len(p.descendants()) == 0 })
	})
}

// The action itself may be among the dead that wait.
func TestRule38_OrphansOfADeadAction(t *testing.T) {
	t.Parallel()
	p := start(t, asInit(t)).ready(obey())
	p.do(step{"orphan", `[["sleep","200ms"]]`}, step{"orphan", `[["sleep","200ms"]]`}, step{"after", `[["exit","3"]]`})
	await(t, "all are gone", func() bool { return len(p.descendants()) == 0 })
	await(t, "all are collected", func() bool { return p.zombies() == 0 })
}

func TestRule38_SignalsReachTheAction(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v1", "actionloop"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			p := start(t, protocols[protocol], asInit(t), graceful).ready(obey(step{"report"}))
			p.run(`{}`)
			for s, name := range map[syscall.Signal]string{syscall.SIGHUP: "hangup", syscall.SIGUSR1: "user defined signal 1", syscall.SIGUSR2: "user defined signal 2"} {
				p.signal(s)
				await(t, "the action got "+name, func() bool { // its log comes with a run
					p.run(`{}`)
					return strings.Contains(p.stderr.String(), "got "+name+"\n")
				})
			}
			p.signal(syscall.SIGTERM)
			if status := p.status(); status != 0 {
				t.Errorf("exit status %d", status)
			}
			p.logged("bye")
			if strings.Contains(p.stderr.String(), "got terminated") {
				t.Error("SIGTERM came before the end of input had its time")
			}
		})
	}
}

func TestRule38_SignalsBeforeInitHarmNothing(t *testing.T) {
	t.Parallel()
	p := start(t, asInit(t))
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGCHLD, syscall.SIGWINCH, syscall.SIGPIPE, syscall.SIGALRM} {
		p.signal(s)
	}
	p.settled()
	p.ready(obey())
	if got := p.run(`{}`); got.status != 200 {
		t.Errorf("got %s", got)
	}
}
