//go:build linux

// Package server starts the servers under test, uploads an action to them,
// reads their memory and ends them, with everything they left behind:
//
//	p, err := server.Start(server.Command{Path: "bin/proxy", Env: []string{"OW_PORT={port}"}, Init: upload})
//	defer p.Stop()
package server

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
)

// patience is how long a server may take to listen, and to answer /init.
const patience = 20 * time.Second

// Command describes how to start a server.
type Command struct {
	Path string   // of the executable
	Args []string // after its name; {port} and {dir} are replaced
	Env  []string // added to the environment, and replaced as well
	Port int      // where it listens, if it cannot be told; a free one when 0
	Init []byte   // body of POST /init, nil when it needs none
}

// Process is a server that runs.
type Process struct {
	Address string // 127.0.0.1 and the port
	PID     int
	Began   time.Time // just before it was started

	command *exec.Cmd
	dir     string // its working directory, empty at first
}

// Start starts a server in a fresh directory and returns when it has answered
// /init with 200, or listens when it needs no init.
func Start(c Command) (*Process, error) {
	port, err := portFor(c.Port)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	p := &Process{Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), dir: dir}
	replace := strings.NewReplacer("{port}", strconv.Itoa(port), "{dir}", dir)
	p.command = exec.Command(c.Path)
	p.command.Dir = dir
	for _, argument := range c.Args {
		p.command.Args = append(p.command.Args, replace.Replace(argument))
	}
	p.command.Env = os.Environ()
	for _, variable := range c.Env {
		p.command.Env = append(p.command.Env, replace.Replace(variable))
	}
	// A group of its own, so that Stop reaches the action too.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}

	p.Began = time.Now()
	if err := p.command.Start(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("start server: %w", err)
	}
	p.PID = p.command.Process.Pid
	if err := p.ready(c.Init); err != nil {
		p.Stop()
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	return p, nil
}

// ready uploads the action, or waits until the server listens.
func (p *Process) ready(init []byte) error {
	if init == nil {
		return load.WaitOpen(p.Address, patience)
	}
	answer, err := load.Post(p.Address, "/init", init, patience)
	if err != nil {
		return err
	}
	if answer.Status != 200 {
		return fmt.Errorf("/init answered %d: %.200s", answer.Status, answer.Body)
	}
	return nil
}

// Memory returns the memory of the process at this moment.
func (p *Process) Memory() (Memory, error) { return MemoryOf(p.PID) }

// Stop kills the server and its children, and removes its directory.
func (p *Process) Stop() {
	_ = syscall.Kill(-p.PID, syscall.SIGKILL) // it may have died by itself
	_ = p.command.Wait()                      // "signal: killed" is what we want
	_ = os.RemoveAll(p.dir)
}

// ColdStart starts a server and measures the time from just before that to the
// first answer of /run, /init included when it needs one. The server is ended.
func ColdStart(c Command) (time.Duration, error) {
	p, err := Start(c)
	if err != nil {
		return 0, err
	}
	defer p.Stop()
	answer, err := load.Post(p.Address, "/run", run, patience)
	took := time.Since(p.Began)
	if err != nil {
		return 0, fmt.Errorf("cold start of %s: %w", c.Path, err)
	}
	if answer.Status != 200 || !answersRun(answer.Body) {
		return 0, fmt.Errorf("cold start of %s: the first run answered %d: %.200s", c.Path, answer.Status, answer.Body)
	}
	return took, nil
}

// portFor returns a free port, or the fixed one if nobody listens there.
func portFor(fixed int) (int, error) {
	listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(fixed)))
	if err != nil {
		return 0, fmt.Errorf("find a port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
