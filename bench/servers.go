//go:build linux

package main

import (
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// Names of the servers in the tables.
const (
	ours        = "proxy"
	lines       = "proxy, version 2 with 16 runs at a time"
	workers     = "proxy, 16 workers"
	streamed    = "proxy, a stream in chunks"
	inProcess   = "proxy, then a program with the library"
	overlapping = "proxy, a process per run, overlapping"
	skeleton    = "Python server, a process per run"
	function    = "proxy, a Ruby function"
	rubyPerRun  = "proxy, a Ruby process per run"
	owgo        = "openwhisk-runtime-go"
	bare        = "bare net/http"
	fork        = "bare fork, exec, read, wait"
	echo        = "limit: loopback echo"
	pipe        = "limit: echo through a pipe"
)

// owgoPort is where a peer's proxy listens; it cannot be told another one.
const owgoPort = 8080

// uploadSize is the size in bytes of the large upload: the platform's limit.
const uploadSize = 48_000_000

// servers starts the servers under test: by work, "hello" or "echo".
type servers struct {
	ours, owgo, bare     map[string]server.Command
	lines                map[string]server.Command // version 2, by work: "hello", "wait", "stream"
	workers              server.Command            // of the action that waits
	oursV0               server.Command
	linked               server.Command // a program that takes the proxy's place
	process              server.Command // v0 with overlapping runs
	skeleton             server.Command
	ruby                 rubyServers
	oursLarge, owgoLarge server.Command // the action "hello" in a large file
	echo, pipe           server.Command // the limits
}

// rubyServers run the same few lines of Ruby in three ways.
type rubyServers struct {
	function server.Command // in the one process of the stemcell's launcher
	process  server.Command // v0
	skeleton server.Command
}

func newServers(b *binaries) (*servers, error) {
	s := &servers{ours: map[string]server.Command{}, lines: map[string]server.Command{}, owgo: map[string]server.Command{}, bare: map[string]server.Command{}}
	u := &uploads{}
	for work, path := range b.v1 {
		s.ours[work] = oursWith(b, u.of(path, 0))
	}
	for work, path := range b.v2 {
		s.lines[work] = oursWith(b, u.of(path, 0), "__OW_ALLOW_CONCURRENT=true")
	}
	s.workers = oursWith(b, u.of(b.v1["wait"], 0), "OW_WORKERS=16", "__OW_ALLOW_CONCURRENT=true")
	s.oursLarge = oursWith(b, u.of(b.v1["hello"], uploadSize))
	for work, path := range b.actionLoop {
		s.owgo[work] = owgoWith(b, u.of(path, 0))
	}
	if b.owgo != "" {
		s.owgoLarge = owgoWith(b, u.of(b.actionLoop["hello"], uploadSize))
	}
	for work, path := range b.bare {
		s.bare[work] = server.Command{Path: path, Env: []string{"PORT={port}"}}
	}
	s.linked = oursWith(b, u.of(b.linked, 0))
	s.process = oursWith(b, u.of(b.process, 0), "OW_PROTOCOL=v0", "__OW_ALLOW_CONCURRENT=true")
	s.skeleton = server.Command{Path: b.python, Args: []string{b.skeleton, "{port}", b.process}}
	if b.ruby.launcher != "" {
		s.ruby.function = oursWith(b, u.source(b.ruby.function), "OW_LAUNCHER="+b.ruby.launcher)
		s.ruby.process = oursWith(b, u.of(b.ruby.process, 0), "OW_PROTOCOL=v0")
		s.ruby.skeleton = server.Command{Path: b.python, Args: []string{b.skeleton, "{port}", b.ruby.process}}
	}
	s.echo = server.Command{Path: b.limit, Args: []string{"{port}", "echo"}}
	s.pipe = server.Command{Path: b.limit, Args: []string{"{port}", "pipe"}}
	if b.once != "" {
		s.oursV0 = oursWith(b, u.of(b.once, 0), "OW_PROTOCOL=v0")
	}
	return s, u.err
}

func oursWith(b *binaries, upload []byte, env ...string) server.Command {
	env = append([]string{"OW_PORT={port}", "OW_ACTION_DIR={dir}"}, env...)
	return server.Command{Path: b.proxy, Env: env, Init: upload}
}

func owgoWith(b *binaries, upload []byte) server.Command {
	return server.Command{Path: b.owgo, Env: []string{"OW_WAIT_FOR_ACK=1"}, Port: owgoPort, Init: upload}
}

// uploads makes the bodies of /init and keeps the first error.
type uploads struct{ err error }

// source returns the body of an upload as text.
func (u *uploads) source(path string) []byte {
	body, err := server.Source(path)
	if err != nil && u.err == nil {
		u.err = err
	}
	return body
}

func (u *uploads) of(path string, size int) []byte {
	body, err := server.Upload(path, size)
	if err != nil && u.err == nil {
		u.err = err
	}
	return body
}
