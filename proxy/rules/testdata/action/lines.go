package main

import (
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// An open is a run of version 2 before its end.
type open struct {
	id, activation, deadline string
	cancelled                chan struct{}
}

// speaksLines reports whether version 2 is spoken.
func (a *action) speaksLines(protocol string) bool { return protocol == "v2" || a.concurrency > 0 }

var writing sync.Mutex // lines are whole

func (a *action) write(b []byte) {
	writing.Lock()
	defer writing.Unlock()
	a.results.Write(b)
}

// lines serves version 2: each run is an action of its own, which takes its steps.
func (a *action) lines() {
	var mu sync.Mutex
	all := map[string]*open{}
	free := make(chan struct{}, max(1, a.concurrency))
	for {
		line, err := a.in.ReadString('\n')
		if err != nil {
			if a.ending {
				os.Stderr.WriteString("bye\n")
				return
			}
			time.Sleep(time.Hour)
		}
		words := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 5)
		switch {
		case len(words) == 5 && words[0] == "run":
			select {
			case free <- struct{}{}:
			default:
				os.Stderr.WriteString("more runs than it takes\n")
				os.Exit(9)
			}
			o := &open{words[1], words[2], words[3], make(chan struct{})}
			mu.Lock()
			all[o.id] = o
			mu.Unlock()
			a.runs++
			r := &action{results: a.results, runs: a.runs - 1, open: o, answer: map[string]any{}, whole: a}
			r.over = func() {
				mu.Lock()
				delete(all, o.id)
				mu.Unlock()
				<-free
			}
			go r.run([]byte(words[4]))
		case len(words) == 2 && words[0] == "cancel":
			mu.Lock()
			o := all[words[1]]
			mu.Unlock()
			if o != nil {
				close(o.cancelled) // twice is a fault of the proxy, and a panic
			}
		default:
			os.Stderr.WriteString("not a line of version 2: " + line)
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
}

// streams takes the steps that only version 2 has.
func (a *action) streams(s []string) {
	switch s[0] {
	case "head", "out", "put", "out64", "log", "end":
		if s[0] == "end" {
			a.finish()
		}
		a.write([]byte(s[0] + " " + a.open.id + " " + s[1] + "\n"))
		a.silent = a.silent || s[0] == "end"
	case "line": // as it stands, with the id in the place of ID
		a.write([]byte(strings.ReplaceAll(s[1], "ID", a.open.id)))
	case "flow": // out lines of 1 KiB, so many or until it is cancelled
		line := []byte("out " + a.open.id + " " + strings.Repeat("x", 1023) + "\n")
		for n := number(s[1]); n > 0; n-- {
			select {
			case <-a.open.cancelled:
				n = 0
			default:
				a.write(line)
			}
		}
	case "cancelled": // waits for it
		<-a.open.cancelled
		a.answer["cancelled"] = true
	case "words":
		a.answer["words"] = a.open.activation + " " + a.open.deadline
	default:
		panic("unknown step " + s[0])
	}
}
