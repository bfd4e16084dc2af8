//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// Names of the figures. MB is 10^6 bytes.
const (
	elapsed   = "elapsed s"
	processor = "processor s"
	memory    = "memory MB"
	pushed    = "pushed MB"
)

// cost runs commands one after the other and returns what they took together. engine is the id of a process that works
// for them, or 0.
func (w *workshop) cost(engine int, commands ...*exec.Cmd) ([]rounds.Figure, error) {
	var used time.Duration
	var peak int64
	before, err := processorOf(engine)
	if err != nil {
		return nil, err
	}
	sent, began := w.counter.sent.Load(), time.Now()
	for _, command := range commands {
		var said bytes.Buffer
		command.Stdout, command.Stderr = &said, &said
		if err := command.Run(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, &said)
		}
		used += command.ProcessState.UserTime() + command.ProcessState.SystemTime()
		if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
			peak = max(peak, usage.Maxrss*1024)
		}
	}
	took := time.Since(began)
	after, err := processorOf(engine)
	if err != nil {
		return nil, err
	}
	return []rounds.Figure{
		rounds.Of(elapsed, took.Seconds()), rounds.Of(processor, (used + after - before).Seconds()),
		rounds.Of(memory, rounds.Megabytes(peak)), rounds.Of(pushed, rounds.Megabytes(w.counter.sent.Load()-sent)),
	}, nil
}

// tick is the unit of times in /proc (proc_pid_stat(5)), which is the same on every Linux.
const tick = time.Second / 100

// processorOf returns the processor time of a process and of its children that have ended.
func processorOf(pid int) (time.Duration, error) {
	if pid == 0 {
		return 0, nil
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read the processor time of the Docker Engine: %w", err)
	}
	return ticks(string(text))
}

// ticks adds up utime, stime, cutime and cstime, which are fields 14 to 17; the name in field 2 may have spaces.
func ticks(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) < 15 {
		return 0, fmt.Errorf("read the processor time of the Docker Engine: %q", stat)
	}
	var sum time.Duration
	for _, field := range fields[11:15] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read the processor time of the Docker Engine: %w", err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
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
