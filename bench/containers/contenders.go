//go:build linux

package main

import (
	"context"
	"errors"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// Names of the contenders in the tables.
const (
	limitEcho  = "limit: loopback echo"
	limitPipe  = "limit: echo through a pipe"
	limitSpawn = "limit: fork and exec"
	bare       = "bare net/http"
	logging    = "net/http with the sentinels of a log"
	execed     = "exec: a Go program with the library"
	overlapped = "exec, runs that overlap"
	v2         = "v2, 16 runs at a time"
	v1         = "v1"
	workers    = "v1, 16 workers"
	v0         = "v0, a process per run"
	bash       = "bash function"
	ruby       = "ruby function"
	python     = "python function"
	skeleton   = "Python+System: Flask, gevent, a process per run"
)

// contender is a server that is measured.
type contender struct {
	name   string
	image  string // of the workshop, for what is absent
	spec   engine.Spec
	limit  string // the contender that does the least for such a run
	ours   bool
	slow   bool // a process for each run
	seeded bool // JMeter measures it, too
}

// contenders returns all that can be measured: the limits first, then ours, then others.
func (w *workshop) contenders(ctx context.Context, peers []peer) ([]contender, error) {
	var failures []error
	upload := func(program string) []byte {
		body, err := server.Upload(w.program(program), 0)
		failures = append(failures, err)
		return body
	}
	source := func(file string) []byte {
		body, err := server.Source(w.path(file))
		failures = append(failures, err)
		return body
	}
	limit := func(name, mode string, slow bool) contender {
		return contender{name: name, image: "limit", slow: slow,
			spec: engine.Spec{Image: w.ref("limit"), Entrypoint: []string{"/action/exec", "8080", mode}}}
	}
	own := func(name, image, limit string, body []byte, env ...string) contender {
		return contender{name: name, image: image, limit: limit, ours: true, spec: engine.Spec{Image: w.ref(image), Init: body, Env: env}}
	}
	nethttp := func(name string, env ...string) contender {
		return contender{name: name, image: "nethttp", limit: limitEcho, seeded: true, spec: engine.Spec{Image: w.ref("nethttp"),
			Entrypoint: []string{"/action/exec"}, Env: append(env, "HOST=0.0.0.0", "PORT=8080")}}
	}
	const overlap = "__OW_ALLOW_CONCURRENT=true"
	all := []contender{
		limit(limitEcho, "echo", false),
		limit(limitPipe, "pipe", false),
		limit(limitSpawn, "spawn", true),
		nethttp(bare),
		nethttp(logging, "SENTINELS=1"),
		own(execed, "go", limitEcho, upload("exec")),
		own(overlapped, "go", limitEcho, upload("exec"), overlap),
		own(v2, "scratch", limitPipe, upload("v2"), overlap),
		own(v1, "scratch", limitPipe, upload("v1")),
		own(workers, "scratch", limitPipe, upload("v1"), overlap, "OW_WORKERS=16"),
		own(v0, "scratch", limitSpawn, upload("v0"), overlap, "OW_PROTOCOL=v0"),
		own(bash, "bash", limitPipe, source("bench/actions/bash/function.sh")),
		own(ruby, "ruby", limitPipe, source("bench/actions/ruby/function.rb")),
		own(python, "python", limitPipe, source("bench/actions/python/function.py")),
		{name: skeleton, image: "flask", limit: limitSpawn, slow: true, seeded: true, spec: engine.Spec{Image: w.flask, Init: upload("v0")}},
	}
	for i := range all {
		switch all[i].name {
		case execed, v2, v1, python:
			all[i].seeded = true
		case v0, bash:
			all[i].slow = true
		}
	}
	for _, p := range peers {
		if w.absent[p.name] == nil {
			spec, err := w.introduce(ctx, p)
			w.lack(p.name, err)
			all = append(all, contender{name: p.name, image: p.name, limit: limitEcho, spec: spec})
		}
	}
	var present []contender
	for _, c := range all {
		if w.absent[c.image] == nil {
			present = append(present, c)
		}
	}
	return present, errors.Join(failures...)
}
