//go:build linux

package main

import (
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
)

// TestSignals holds that every signal arrives, in order, while other threads allocate, block and start processes. Its
// process gets nothing else to do, since onSignal is called once.
func TestSignals(t *testing.T) {
	const here = "TEST_SIGNALS"
	if os.Getenv(here) == "" {
		c := exec.Command(os.Args[0], "-test.run=^TestSignals$")
		c.Env = append(os.Environ(), here+"=1")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	received := make(chan syscall.Signal, 1)
	onSignal(func(s syscall.Signal) { received <- s }, syscall.SIGUSR1, syscall.SIGUSR2)
	done := make(chan struct{})
	var load sync.WaitGroup
	for _, work := range []func(){
		func() { _ = make([]byte, 64<<10) },
		func() { sleep(1000) },
		func() {
			pid, err := syscall.ForkExec("/proc/self/exe", []string{"none", "-test.run=^$"}, nil)
			if err != nil {
				t.Error(err)
				return
			}
			syscall.Wait4(pid, nil, 0, nil)
		},
	} {
		load.Add(1)
		go func() {
			defer load.Done()
			for {
				select {
				case <-done:
					return
				default:
					work()
				}
			}
		}()
	}
	for i := range 5000 {
		s := []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2}[i%2]
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			t.Fatal(err)
		}
		if got := <-received; got != s {
			t.Fatalf("got %v, sent %v", got, s)
		}
	}
	close(done)
	load.Wait()
}

func TestArguments(t *testing.T) {
	if got := arguments(); !slices.Equal(got, os.Args) {
		t.Errorf("got %q, want %q", got, os.Args)
	}
}
