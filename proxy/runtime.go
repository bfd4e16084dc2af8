//go:build linux

package main

import (
	"syscall"
	_ "unsafe" // for the names of the runtime
)

// These functions are in Go's runtime, which gives them to packages os, os/signal and time alone. To link these three
// costs 320 KB, a sixth of the binary. The proxy is always compiled by the version of Go that go.mod names, so these
// names can go away only where that version is changed, and then the linker says so. Package openwhisk, which others
// compile, uses none of them.

//go:linkname arguments os.runtime_args
func arguments() []string

//go:linkname enableSignal os/signal.signal_enable
func enableSignal(number uint32)

//go:linkname receiveSignal os/signal.signal_recv
func receiveSignal() (number uint32)

//go:linkname sleep time.Sleep
func sleep(nanoseconds int64)

//go:linkname beforeExit os.runtime_beforeExit
func beforeExit(status int)

// onSignal calls f with each of these signals that comes from now on, one after the other. It is called once.
func onSignal(f func(syscall.Signal), signals ...syscall.Signal) {
	for _, s := range signals {
		enableSignal(uint32(s))
	}
	go func() {
		for {
			f(syscall.Signal(receiveSignal()))
		}
	}()
}

// openPoller has the runtime open descriptors of its own that it needs for timers. It does so for the first timer, its
// own ones among them, and ends the process when there are no descriptors left then.
func openPoller() { sleep(1) }

// exit ends the process as os.Exit does.
func exit(status int) {
	beforeExit(status) // the race detector reports
	syscall.Exit(status)
}

// print writes text to a descriptor.
//
//go:noinline
func print(fd int, text string) { syscall.Write(fd, []byte(text)) }
