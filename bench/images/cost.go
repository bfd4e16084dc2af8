//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// pushed is the figure of what is sent to the registry; MB is 10^6 bytes.
const pushed = "pushed MB"

// cost runs commands one after the other and returns what they took together. engine is the id of a process that works
// for them, or 0.
func (w *workshop) cost(engine int, commands ...*exec.Cmd) ([]rounds.Figure, error) {
	before, err := processorOf(engine)
	if err != nil {
		return nil, err
	}
	sent := w.counter.sent.Load()
	took, err := rounds.CostOf(commands...)
	if err != nil {
		return nil, err
	}
	after, err := processorOf(engine)
	if err != nil {
		return nil, err
	}
	took.Processor += after - before
	return append(took.Figures(), rounds.Of(pushed, rounds.Megabytes(w.counter.sent.Load()-sent))), nil
}

// processorOf returns the processor time of the engine, or 0 where it has no part.
func processorOf(engine int) (time.Duration, error) {
	if engine == 0 {
		return 0, nil
	}
	return server.ProcessorOf(engine)
}

// listener returns the id of the process that listens at a Unix socket (unix(7), SO_PEERCRED).
func listener(ctx context.Context, address string) (int, error) {
	path, ok := strings.CutPrefix(address, "unix://")
	if !ok {
		return 0, fmt.Errorf("the Docker Engine %q is not on this machine: its address does not begin with unix://", address)
	}
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return 0, fmt.Errorf("find the Docker Engine: %w", err)
	}
	defer connection.Close()
	raw, err := connection.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var peer *syscall.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		peer, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err != nil || failed != nil {
		return 0, fmt.Errorf("find the Docker Engine: %v, %v", err, failed)
	}
	return int(peer.Pid), nil
}
